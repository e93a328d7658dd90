import { Body, HttpCode, Param, Post, Put, type Type } from '@nestjs/common';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { DecideIncident } from '#apps/broker/src/incidents/decide-incident.js';
import {
  DecideDto,
  SentLetterDto,
  WriteLetterDto,
  WriteStatementDto,
} from '#apps/broker/src/incidents/incident-bodies.js';
import {
  At,
  IncidentRoutes,
  type IncidentAt,
  type IncidentHouse,
} from '#apps/broker/src/incidents/incident-place.js';
import { WriteLetters } from '#apps/broker/src/incidents/write-letters.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';

/** What is decided, and what is said to whom. */
export function notificationController(house: IncidentHouse): Type<object> {
  @IncidentRoutes(house)
  class NotificationController {
    constructor(
      private readonly deciding: DecideIncident,
      private readonly letters: WriteLetters,
      private readonly stepUps: StepUps,
    ) {}

    @Post(':incidentId/decisions')
    @HttpCode(204)
    async decide(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Body() { stepUp, outcome, grounds, weighed, reasons, packHash }: DecideDto,
    ): Promise<void> {
      const said = {
        ...{ outcome, grounds, weighed, reasons },
        ...(packHash !== undefined && { packHash }),
      };
      const { incidentId } = at;
      await this.stepUps.require(person, { type: 'incident.decide', incidentId, ...said }, stepUp);
      await this.deciding.execute(at, said);
    }

    @Post(':incidentId/statements')
    async statement(
      @At() at: IncidentAt,
      @Body() wanted: WriteStatementDto,
    ): Promise<{ version: number }> {
      return { version: await this.letters.statement(at, wanted) };
    }

    @Post(':incidentId/letters')
    @HttpCode(200)
    async draft(@At() at: IncidentAt): Promise<{ drafted: number }> {
      return { drafted: await this.letters.draft(at) };
    }

    @Put(':incidentId/letters/:letterId')
    @HttpCode(204)
    write(
      @At() at: IncidentAt,
      @Param('letterId') letterId: string,
      @Body() wanted: WriteLetterDto,
    ): Promise<void> {
      return this.letters.write(at, letterId, wanted);
    }

    @Post(':incidentId/letters/:letterId/sent')
    @HttpCode(204)
    sent(
      @At() at: IncidentAt,
      @Param('letterId') letterId: string,
      @Body() wanted: SentLetterDto,
    ): Promise<void> {
      return this.letters.sent(at, letterId, wanted);
    }
  }
  return NotificationController;
}
