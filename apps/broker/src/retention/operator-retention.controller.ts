import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { KeepLonger } from '#apps/broker/src/retention/keep-longer.js';
import { LegalHolds } from '#apps/broker/src/retention/legal-holds.js';
import { PlaceHoldDto, UndoDestructionDto } from '#apps/broker/src/retention/retention-bodies.js';
import { ShowRetention } from '#apps/broker/src/retention/show-retention.js';
import type {
  OperatorRetention,
  PlacedHold,
  UndoneDestruction,
} from '#libs/console-api/retention.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** What is kept of everybody, in counts, to the operator's security officers alone. */
@Controller('console/api/operator/retention')
@Policy('operator', ['operator-security'])
export class OperatorRetentionController {
  constructor(
    private readonly shown: ShowRetention,
    private readonly longer: KeepLonger,
    private readonly holds: LegalHolds,
  ) {}

  @Get()
  read(): Promise<OperatorRetention> {
    return this.shown.operator();
  }

  /** Of one tenant: nobody keeps everything of everybody with one press. */
  @Post('undo')
  @HttpCode(200)
  undo(
    @Person() person: SignedInPerson,
    @Body() plans: UndoDestructionDto,
  ): Promise<UndoneDestruction> {
    if (plans.practiceId === undefined && plans.integratorId === undefined)
      throw new ConduitError('REQUEST_INVALID', {
        facts: { field: 'practiceId', problem: 'or integratorId must say whose records are meant' },
      });
    return this.longer.undo(plans, person);
  }

  @Post('holds')
  place(
    @Person() person: SignedInPerson,
    @Body() { stepUp, ...terms }: PlaceHoldDto,
  ): Promise<PlacedHold> {
    return this.holds.place({}, person, terms, stepUp);
  }

  @Post('holds/:holdId/lift')
  @HttpCode(204)
  lift(
    @Param('holdId') holdId: string,
    @Person() person: SignedInPerson,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.holds.lift({}, person, holdId, stepUp);
  }
}
