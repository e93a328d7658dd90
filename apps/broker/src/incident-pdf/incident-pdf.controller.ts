import { Body, Header, HttpCode, Post, type Type } from '@nestjs/common';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { incidentPdf } from '#apps/broker/src/incident-pdf/incident-pdf.js';
import { ExportIncident } from '#apps/broker/src/incidents/export-incident.js';
import {
  At,
  IncidentRoutes,
  type IncidentAt,
  type IncidentHouse,
} from '#apps/broker/src/incidents/incident-place.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { oneByOne } from '#libs/kernel/turns.js';

/** A node writes one at a time: each takes a part of a second of the one thread. */
const inTurn = oneByOne();

/** The file of an incident as a document for people. */
export function incidentPdfController(house: IncidentHouse): Type<object> {
  @IncidentRoutes(house)
  class IncidentPdfController {
    constructor(
      private readonly exporting: ExportIncident,
      private readonly stepUps: StepUps,
    ) {}

    @Post(':incidentId/export/pdf')
    @HttpCode(200)
    @Header('Content-Type', 'application/pdf')
    @Header('Content-Disposition', 'attachment; filename="conduit-incident.pdf"')
    async export(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Body() { stepUp }: StepUpRequestDto,
    ): Promise<Buffer> {
      const { incidentId } = at;
      const action = { type: 'incident.export', incidentId, format: 'pdf' };
      await this.stepUps.require(person, action, stepUp);
      const file = await this.exporting.file(at, 'pdf');
      return inTurn(() => incidentPdf(file));
    }
  }
  return IncidentPdfController;
}
