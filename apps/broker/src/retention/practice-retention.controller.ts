import { Body, Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { EraseNames } from '#apps/broker/src/retention/erase-names.js';
import { KeepLonger } from '#apps/broker/src/retention/keep-longer.js';
import { LegalHolds } from '#apps/broker/src/retention/legal-holds.js';
import {
  ChangePeriodDto,
  PlaceOwnHoldDto,
  UndoOwnDestructionDto,
} from '#apps/broker/src/retention/retention-bodies.js';
import { ShowRetention } from '#apps/broker/src/retention/show-retention.js';
import type {
  AskedErasure,
  PlacedHold,
  PracticeRetention,
  UndoneDestruction,
} from '#libs/console-api/retention.js';

/** What is kept of a practice, and what it decides about it. */
@Controller('console/api/practices/:practiceId/retention')
export class PracticeRetentionController {
  constructor(
    private readonly shown: ShowRetention,
    private readonly longer: KeepLonger,
    private readonly holds: LegalHolds,
    private readonly names: EraseNames,
  ) {}

  @Get()
  @Policy('practice', ['practice-owner', 'practice-auditor'])
  async read(@Param('practiceId') practiceId: string): Promise<PracticeRetention> {
    const left = await this.names.left(practiceId);
    return { ...(await this.shown.practice(practiceId)), left };
  }

  @Put('periods')
  @HttpCode(204)
  @Policy('practice', ['practice-owner'])
  change(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: ChangePeriodDto,
  ): Promise<void> {
    return this.longer.change(practiceId, person, wanted);
  }

  @Post('undo')
  @HttpCode(200)
  @Policy('practice', ['practice-owner'])
  undo(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() { kind }: UndoOwnDestructionDto,
  ): Promise<UndoneDestruction> {
    return this.longer.undo({ practiceId, kind }, person);
  }

  @Post('holds')
  @Policy('practice', ['practice-owner'])
  place(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() { stepUp, ...terms }: PlaceOwnHoldDto,
  ): Promise<PlacedHold> {
    return this.holds.place({ practiceId }, person, terms, stepUp);
  }

  @Post('holds/:holdId/lift')
  @HttpCode(204)
  @Policy('practice', ['practice-owner'])
  lift(
    @Param('practiceId') practiceId: string,
    @Param('holdId') holdId: string,
    @Person() person: SignedInPerson,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.holds.lift({ practiceId }, person, holdId, stepUp);
  }

  @Post('people/:personId/erase')
  @HttpCode(200)
  @Policy('practice', ['practice-owner'])
  erase(
    @Param('practiceId') practiceId: string,
    @Param('personId') personId: string,
    @Person() person: SignedInPerson,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<AskedErasure> {
    return this.names.ask(practiceId, person, personId, stepUp);
  }
}
