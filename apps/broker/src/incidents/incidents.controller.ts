import { Body, Get, Header, HttpCode, Post, Put, type Type } from '@nestjs/common';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ChangeIncident } from '#apps/broker/src/incidents/change-incident.js';
import { ExportIncident } from '#apps/broker/src/incidents/export-incident.js';
import {
  ChangeScopeDto,
  MyHealthRecordDto,
  NoteIncidentDto,
  OpenIncidentDto,
} from '#apps/broker/src/incidents/incident-bodies.js';
import {
  At,
  IncidentRoutes,
  type IncidentAt,
  type IncidentHouse,
} from '#apps/broker/src/incidents/incident-place.js';
import { OpenIncident } from '#apps/broker/src/incidents/open-incident.js';
import { ShowIncident } from '#apps/broker/src/incidents/show-incident.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { Incident, Incidents, OpenedIncident } from '#libs/console-api/incidents.js';

/** The same acts for the operator and for practices, each on their own: Nest wants a class for each address. */
export function incidentsController(house: IncidentHouse): Type<object> {
  @IncidentRoutes(house)
  class IncidentsController {
    constructor(
      private readonly show: ShowIncident,
      private readonly opening: OpenIncident,
      private readonly changing: ChangeIncident,
      private readonly exporting: ExportIncident,
      private readonly stepUps: StepUps,
    ) {}

    @Get()
    list(@At() at: IncidentAt): Promise<Incidents> {
      return this.show.list(at);
    }

    @Post()
    async open(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Body() wanted: OpenIncidentDto,
    ): Promise<OpenedIncident> {
      return { incidentId: await this.opening.execute(at, person, wanted) };
    }

    @Get(':incidentId')
    one(@At() at: IncidentAt): Promise<Incident> {
      return this.show.one(at);
    }

    @Put(':incidentId/scope')
    @HttpCode(204)
    scope(@At() at: IncidentAt, @Body() { scope }: ChangeScopeDto): Promise<void> {
      return this.changing.scope(at, scope);
    }

    @Post(':incidentId/notes')
    @HttpCode(204)
    note(@At() at: IncidentAt, @Body() { text }: NoteIncidentDto): Promise<void> {
      return this.changing.note(at, text);
    }

    @Put(':incidentId/my-health-record')
    @HttpCode(204)
    myHealthRecord(@At() at: IncidentAt, @Body() { answer }: MyHealthRecordDto): Promise<void> {
      return this.changing.myHealthRecord(at, answer);
    }

    @Post(':incidentId/notified')
    @HttpCode(204)
    async notified(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Body() { stepUp }: StepUpRequestDto,
    ): Promise<void> {
      const { incidentId } = at;
      await this.stepUps.require(person, { type: 'incident.notified', incidentId }, stepUp);
      await this.changing.notified(at);
    }

    @Post(':incidentId/close')
    @HttpCode(204)
    async close(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Body() { stepUp }: StepUpRequestDto,
    ): Promise<void> {
      const { incidentId } = at;
      await this.stepUps.require(person, { type: 'incident.close', incidentId }, stepUp);
      await this.changing.close(at);
    }

    @Post(':incidentId/export/json')
    @HttpCode(200)
    @Header('Content-Type', 'application/json; charset=utf-8')
    @Header('Content-Disposition', 'attachment; filename="conduit-incident.json"')
    async export(
      @At() at: IncidentAt,
      @Person() person: SignedInPerson,
      @Body() { stepUp }: StepUpRequestDto,
    ): Promise<string> {
      const { incidentId } = at;
      const action = { type: 'incident.export', incidentId, format: 'json' };
      await this.stepUps.require(person, action, stepUp);
      return this.exporting.json(at);
    }
  }
  return IncidentsController;
}
