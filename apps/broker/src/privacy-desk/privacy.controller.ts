import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import {
  EndPrivacyDto,
  NotePrivacyDto,
  PrivacyIdentityDto,
  RegisterPrivacyDto,
  RoutePrivacyDto,
} from '#apps/broker/src/privacy-desk/privacy-bodies.js';
import { PrivacyMail } from '#apps/broker/src/privacy-desk/privacy-mail.js';
import { PrivacyRegister } from '#apps/broker/src/privacy-desk/privacy-register.js';
import { ShowPrivacy } from '#apps/broker/src/privacy-desk/show-privacy.js';
import type {
  PrivacyRequest,
  PrivacyRequests,
  RegisteredPrivacyRequest,
  RoutedPrivacyRequest,
} from '#libs/console-api/privacy.js';

const readers = ['practice-owner', 'practice-manager', 'practice-auditor'] as const;
const managers = ['practice-owner', 'practice-manager'] as const;

/** The practice's register of privacy requests and complaints. */
@Controller('console/api/practices/:practiceId/privacy-requests')
export class PrivacyController {
  constructor(
    private readonly requests: PrivacyRegister,
    private readonly shown: ShowPrivacy,
    private readonly mail: PrivacyMail,
  ) {}

  @Get()
  @Policy('practice', [...readers])
  list(@Param('practiceId') practiceId: string): Promise<PrivacyRequests> {
    return this.shown.list(practiceId);
  }

  @Post()
  @Policy('practice', [...managers])
  async register(
    @Param('practiceId') practiceId: string,
    @Person() { personId }: SignedInPerson,
    @Body() wanted: RegisterPrivacyDto,
  ): Promise<RegisteredPrivacyRequest> {
    return { requestId: await this.requests.register(practiceId, personId, wanted) };
  }

  @Get(':requestId')
  @Policy('practice', [...readers])
  read(
    @Param('practiceId') practiceId: string,
    @Param('requestId') requestId: string,
  ): Promise<PrivacyRequest> {
    return this.shown.one(practiceId, requestId);
  }

  @Post(':requestId/identity')
  @HttpCode(204)
  @Policy('practice', [...managers])
  identity(
    @Param('practiceId') practiceId: string,
    @Param('requestId') requestId: string,
    @Person() { personId }: SignedInPerson,
    @Body() { finding }: PrivacyIdentityDto,
  ): Promise<void> {
    return this.requests.identity({ practiceId, requestId, personId }, finding);
  }

  @Post(':requestId/route')
  @HttpCode(200)
  @Policy('practice', [...managers])
  async route(
    @Param('practiceId') practiceId: string,
    @Param('requestId') requestId: string,
    @Person() { personId }: SignedInPerson,
    @Body() { integratorId }: RoutePrivacyDto,
  ): Promise<RoutedPrivacyRequest> {
    await this.requests.route({ practiceId, requestId, personId }, integratorId);
    if (integratorId === undefined) return { told: 0 };
    const { reference, ...request } = await this.shown.one(practiceId, requestId);
    return { told: await this.mail.routed({ practiceId, ...request }, reference, integratorId) };
  }

  @Post(':requestId/notes')
  @HttpCode(204)
  @Policy('practice', [...managers])
  note(
    @Param('practiceId') practiceId: string,
    @Param('requestId') requestId: string,
    @Person() { personId }: SignedInPerson,
    @Body() { text }: NotePrivacyDto,
  ): Promise<void> {
    return this.requests.addNote({ practiceId, requestId, personId }, text);
  }

  @Post(':requestId/end')
  @HttpCode(204)
  @Policy('practice', [...managers])
  end(
    @Param('practiceId') practiceId: string,
    @Param('requestId') requestId: string,
    @Person() { personId }: SignedInPerson,
    @Body() wanted: EndPrivacyDto,
  ): Promise<void> {
    return this.requests.end({ practiceId, requestId, personId }, wanted);
  }

  @Post(':requestId/reopen')
  @HttpCode(204)
  @Policy('practice', [...managers])
  reopen(
    @Param('practiceId') practiceId: string,
    @Param('requestId') requestId: string,
    @Person() { personId }: SignedInPerson,
  ): Promise<void> {
    return this.requests.reopen({ practiceId, requestId, personId });
  }
}
