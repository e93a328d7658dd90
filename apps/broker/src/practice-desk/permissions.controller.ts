import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AccessRequests } from '#apps/broker/src/grants/access-requests.js';
import { ApproveAccess } from '#apps/broker/src/practice-desk/approve-access.js';
import {
  ChoicesDto,
  DeclineDto,
  DraftChangeDto,
  ListRequestsDto,
  ProposeDto,
} from '#apps/broker/src/practice-desk/desk-bodies.js';
import { ShowPermissions } from '#apps/broker/src/practice-desk/show-permissions.js';
import { ShowRequests } from '#apps/broker/src/practice-desk/show-requests.js';
import type {
  AccessRequest,
  AccessRequestSummary,
  DraftedPermission,
  Permission,
  PermissionSummary,
} from '#libs/console-api/practice.js';

/** Who asks for access, what was permitted, and every step of deciding. Only owners sign. */
@Controller('console/api/practices/:practiceId')
export class PermissionsController {
  constructor(
    private readonly requests: ShowRequests,
    private readonly open: AccessRequests,
    private readonly permissions: ShowPermissions,
    private readonly approve: ApproveAccess,
  ) {}

  @Get('access-requests')
  @Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
  listRequests(
    @Param('practiceId') practiceId: string,
    @Query() { state }: ListRequestsDto,
  ): Promise<AccessRequestSummary[]> {
    return this.requests.list(practiceId, state);
  }

  @Get('access-requests/:accessRequestId')
  @Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
  readRequest(
    @Param('practiceId') practiceId: string,
    @Param('accessRequestId') accessRequestId: string,
  ): Promise<AccessRequest> {
    return this.requests.find(practiceId, accessRequestId);
  }

  @Post('access-requests/:accessRequestId/decline')
  @HttpCode(204)
  @Policy('practice', ['practice-owner', 'practice-manager'])
  decline(
    @Param('practiceId') practiceId: string,
    @Param('accessRequestId') accessRequestId: string,
    @Person() { personId }: SignedInPerson,
    @Body() { reason }: DeclineDto,
  ): Promise<void> {
    return this.open.declineFor(practiceId, personId, { accessRequestId, reason });
  }

  @Post('access-requests/:accessRequestId/draft')
  @HttpCode(200)
  @Policy('practice', ['practice-owner'])
  draftRequest(
    @Param('practiceId') practiceId: string,
    @Param('accessRequestId') accessRequestId: string,
    @Person() person: SignedInPerson,
    @Body() choices: ChoicesDto,
  ): Promise<DraftedPermission> {
    return this.approve.draftRequest(practiceId, person, accessRequestId, choices);
  }

  @Get('grants')
  @Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
  listPermissions(@Param('practiceId') practiceId: string): Promise<PermissionSummary[]> {
    return this.permissions.list(practiceId);
  }

  @Post('grants')
  @HttpCode(200)
  @Policy('practice', ['practice-owner'])
  sign(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() signed: ProposeDto,
  ): Promise<Permission> {
    return this.approve.sign(practiceId, person, signed);
  }

  @Get('grants/:grantId')
  @Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
  readPermission(
    @Param('practiceId') practiceId: string,
    @Param('grantId') grantId: string,
  ): Promise<Permission> {
    return this.permissions.find(practiceId, grantId);
  }

  @Post('grants/:grantId/draft')
  @HttpCode(200)
  @Policy('practice', ['practice-owner'])
  draftChange(
    @Param('practiceId') practiceId: string,
    @Param('grantId') grantId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: DraftChangeDto,
  ): Promise<DraftedPermission> {
    return this.approve.draftChange(practiceId, person, grantId, wanted);
  }
}
