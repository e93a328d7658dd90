/**
 * The breach workbench: incidents of the operator and of practices. Promises: one incident is open once; a freeze
 * counts before it is answered, and its end takes two of the operator's; a pack says what both logs prove and what
 * it left out, and the same records make the same pack; a decision is never changed; no patient has a place in
 * any of it; a practice sees its own part alone, by the database's own rule; a drill touches nothing real.
 */
import { Module } from '@nestjs/common';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { AsyncQueriesModule } from '#apps/broker/src/async-queries/async-queries.module.js';
import { FleetModule } from '#apps/broker/src/fleet/fleet.module.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { incidentPdfController } from '#apps/broker/src/incident-pdf/incident-pdf.controller.js';
import { BrokerEvidence } from '#apps/broker/src/incidents/broker-evidence.js';
import { ChangeIncident } from '#apps/broker/src/incidents/change-incident.js';
import { containmentController } from '#apps/broker/src/incidents/containment.controller.js';
import { DecideIncident } from '#apps/broker/src/incidents/decide-incident.js';
import { DrillsController } from '#apps/broker/src/incidents/drills.controller.js';
import { ExportIncident } from '#apps/broker/src/incidents/export-incident.js';
import { FindFacts } from '#apps/broker/src/incidents/find-facts.js';
import { FindFreezeReach } from '#apps/broker/src/incidents/find-freeze-reach.js';
import { FreezeAccess } from '#apps/broker/src/incidents/freeze-access.js';
import { GatherPart } from '#apps/broker/src/incidents/gather-part.js';
import { IncidentNames } from '#apps/broker/src/incidents/incident-names.js';
import { IncidentRegister } from '#apps/broker/src/incidents/incident-register.js';
import { IncidentScopes } from '#apps/broker/src/incidents/incident-scope.js';
import { incidentsController } from '#apps/broker/src/incidents/incidents.controller.js';
import { MakePack } from '#apps/broker/src/incidents/make-pack.js';
import { notificationController } from '#apps/broker/src/incidents/notification.controller.js';
import { OpenIncident } from '#apps/broker/src/incidents/open-incident.js';
import { PackScope } from '#apps/broker/src/incidents/pack-scope.js';
import { PracticeServers } from '#apps/broker/src/incidents/practice-servers.js';
import { RemindIncidents } from '#apps/broker/src/incidents/remind-incidents.js';
import { ShowIncident } from '#apps/broker/src/incidents/show-incident.js';
import { StartDrill } from '#apps/broker/src/incidents/start-drill.js';
import { WriteLetters } from '#apps/broker/src/incidents/write-letters.js';
import { MailModule } from '#apps/broker/src/mail/mail.module.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { ReconciliationModule } from '#apps/broker/src/reconciliation/reconciliation.module.js';

const ofRegister = [
  ChangeIncident,
  IncidentNames,
  IncidentRegister,
  IncidentScopes,
  OpenIncident,
  ShowIncident,
];
const ofEvidence = [BrokerEvidence, GatherPart, MakePack, PackScope, PracticeServers, StartDrill];
const ofFreezes = [FindFreezeReach, FreezeAccess];
const ofNotification = [DecideIncident, ExportIncident, FindFacts, RemindIncidents, WriteLetters];

@Module({
  imports: [
    AsyncQueriesModule,
    FleetModule,
    GatewayModule,
    GrantsModule,
    MailModule,
    PeopleModule,
    ReconciliationModule,
  ],
  controllers: [
    DrillsController,
    ...(['operator', 'practice'] as const).flatMap((house) => [
      incidentsController(house),
      containmentController(house),
      notificationController(house),
      incidentPdfController(house),
    ]),
  ],
  providers: [ActivityPeople, ...ofRegister, ...ofEvidence, ...ofFreezes, ...ofNotification],
})
export class IncidentsModule {}
