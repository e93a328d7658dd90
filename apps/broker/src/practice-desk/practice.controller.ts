import { Body, Controller, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ChangeProfile } from '#apps/broker/src/practice-desk/change-profile.js';
import { ChangeProfileDto, PauseDto } from '#apps/broker/src/practice-desk/desk-bodies.js';
import { PairingDesk } from '#apps/broker/src/practice-desk/pairing-desk.js';
import { PauseAccess } from '#apps/broker/src/practice-desk/pause-access.js';
import { ShowApprovers } from '#apps/broker/src/practice-desk/show-approvers.js';
import { ShowOverview } from '#apps/broker/src/practice-desk/show-overview.js';
import type {
  Approvers,
  MadePairingCode,
  Pauses,
  PracticeOverview,
  Today,
  WaitingPairingCode,
} from '#libs/console-api/practice.js';

/** How the practice is, who is connected, and stopping them. */
@Controller('console/api/practices/:practiceId')
export class PracticeController {
  constructor(
    private readonly overview: ShowOverview,
    private readonly profile: ChangeProfile,
    private readonly pairing: PairingDesk,
    private readonly pausing: PauseAccess,
    private readonly approvers: ShowApprovers,
  ) {}

  @Get()
  @Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
  read(@Param('practiceId') practiceId: string): Promise<PracticeOverview> {
    return this.overview.execute(practiceId);
  }

  @Patch()
  @HttpCode(204)
  @Policy('practice', ['practice-owner', 'practice-manager'])
  change(
    @Param('practiceId') practiceId: string,
    @Person() { personId }: SignedInPerson,
    @Body() wanted: ChangeProfileDto,
  ): Promise<void> {
    return this.profile.execute(practiceId, personId, wanted);
  }

  @Get('today')
  @Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
  today(@Param('practiceId') practiceId: string): Promise<Today> {
    return this.overview.ofToday(practiceId);
  }

  @Post('sites/:siteId/pairing-codes')
  @Policy('practice', ['practice-owner', 'practice-manager'])
  makePairingCode(
    @Param('practiceId') practiceId: string,
    @Param('siteId') siteId: string,
    @Person() person: SignedInPerson,
  ): Promise<MadePairingCode> {
    return this.pairing.make(practiceId, siteId, person);
  }

  @Get('sites/:siteId/pairing-codes')
  @Policy('practice', ['practice-owner', 'practice-manager'])
  waitingCodes(
    @Param('practiceId') practiceId: string,
    @Param('siteId') siteId: string,
  ): Promise<WaitingPairingCode[]> {
    return this.pairing.waiting(practiceId, siteId);
  }

  @Get('pauses')
  @Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
  listPauses(@Param('practiceId') practiceId: string): Promise<Pauses> {
    return this.pausing.list(practiceId);
  }

  @Post('pauses')
  @HttpCode(204)
  @Policy('practice', ['practice-owner', 'practice-manager'])
  pause(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() { integratorId }: PauseDto,
  ): Promise<void> {
    return this.pausing.pause(practiceId, person, integratorId);
  }

  @Post('pauses/resume')
  @HttpCode(204)
  @Policy('practice', ['practice-owner', 'practice-manager'])
  resume(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() { integratorId }: PauseDto,
  ): Promise<void> {
    return this.pausing.resume(practiceId, person, integratorId);
  }

  @Get('approvers')
  @Policy('practice', ['practice-owner', 'practice-manager'])
  listApprovers(
    @Param('practiceId') practiceId: string,
    @Person() { personId }: SignedInPerson,
  ): Promise<Approvers> {
    return this.approvers.execute(practiceId, personId);
  }
}
