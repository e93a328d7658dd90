/**
 * The operator's view of the fleet: how every agent stands, alerts, acts against agents, bringing in
 * practices and integrators. Promises: a link that lives never reads as a database that answers; one
 * alert a trouble, however many nodes look; nobody revokes or releases alone; who acts has seen, and
 * signed, whom it hits; no answer has a payload, a statement or a person of a practice in it.
 */
import { Module } from '@nestjs/common';
import { AsyncQueriesModule } from '#apps/broker/src/async-queries/async-queries.module.js';
import { EnrolmentModule } from '#apps/broker/src/enrolment/enrolment.module.js';
import { ActRequestBook } from '#apps/broker/src/fleet/act-request-book.js';
import { ActRequestsController } from '#apps/broker/src/fleet/act-requests.controller.js';
import { AgentActsController } from '#apps/broker/src/fleet/agent-acts.controller.js';
import { AlertMail } from '#apps/broker/src/fleet/alert-mail.js';
import { AlertRules } from '#apps/broker/src/fleet/alert-rules.js';
import { AlertsController } from '#apps/broker/src/fleet/alerts.controller.js';
import { AlertWebhook } from '#apps/broker/src/fleet/alert-webhook.js';
import { ApproveAct, DeclineAct } from '#apps/broker/src/fleet/approve-act.js';
import { AskAct } from '#apps/broker/src/fleet/ask-act.js';
import { AskDiagnosis } from '#apps/broker/src/fleet/ask-diagnosis.js';
import { CarryOutAct } from '#apps/broker/src/fleet/carry-out-act.js';
import { FindAgent } from '#apps/broker/src/fleet/find-agent.js';
import { FindDiagnosis } from '#apps/broker/src/fleet/find-diagnosis.js';
import { FindReach } from '#apps/broker/src/fleet/find-reach.js';
import { FleetController } from '#apps/broker/src/fleet/fleet.controller.js';
import { FleetRound } from '#apps/broker/src/fleet/fleet-round.js';
import { FleetWatch } from '#apps/broker/src/fleet/fleet-watch.js';
import { ListAlerts } from '#apps/broker/src/fleet/list-alerts.js';
import { ListFleet } from '#apps/broker/src/fleet/list-fleet.js';
import { ListIntegrators } from '#apps/broker/src/fleet/list-integrators.js';
import { ListPractices } from '#apps/broker/src/fleet/list-practices.js';
import { LiveController } from '#apps/broker/src/fleet/live.controller.js';
import { LiveSessions } from '#apps/broker/src/fleet/live-sessions.js';
import { LiveStreams } from '#apps/broker/src/fleet/live-streams.js';
import { Onboard } from '#apps/broker/src/fleet/onboard.js';
import { OnboardingController } from '#apps/broker/src/fleet/onboarding.controller.js';
import { OwnerMail } from '#apps/broker/src/fleet/owner-mail.js';
import { PurgeFleet } from '#apps/broker/src/fleet/purge-fleet.js';
import { QuarantineAgent } from '#apps/broker/src/fleet/quarantine-agent.js';
import { ReadTimeline } from '#apps/broker/src/fleet/read-timeline.js';
import { ReviewAlerts } from '#apps/broker/src/fleet/review-alerts.js';
import { ReviewStates } from '#apps/broker/src/fleet/review-states.js';
import { RunDiagnosis } from '#apps/broker/src/fleet/run-diagnosis.js';
import { SavedViews } from '#apps/broker/src/fleet/saved-views.js';
import { SendNotices } from '#apps/broker/src/fleet/send-notices.js';
import { SetSiteHours } from '#apps/broker/src/fleet/set-site-hours.js';
import { TokenActsController } from '#apps/broker/src/fleet/token-acts.controller.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { HealthModule } from '#apps/broker/src/health/health.module.js';
import { IntegratorsModule } from '#apps/broker/src/integrators/integrators.module.js';
import { MailModule } from '#apps/broker/src/mail/mail.module.js';
import { OperatorModule } from '#apps/broker/src/operator/operator.module.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { WebhooksModule } from '#apps/broker/src/webhooks/webhooks.module.js';

const ofStanding = [FindAgent, FleetRound, FleetWatch, ListFleet, PurgeFleet, ReadTimeline];
const ofAlerts = [
  AlertMail,
  AlertRules,
  AlertWebhook,
  ListAlerts,
  OwnerMail,
  ReviewAlerts,
  SendNotices,
];
const ofActs = [ActRequestBook, ApproveAct, AskAct, CarryOutAct, DeclineAct, QuarantineAgent];
const ofDiagnoses = [AskDiagnosis, FindDiagnosis, RunDiagnosis];
const ofOnboarding = [ListIntegrators, ListPractices, Onboard];

@Module({
  imports: [
    AsyncQueriesModule,
    EnrolmentModule,
    GatewayModule,
    HealthModule,
    IntegratorsModule,
    MailModule,
    OperatorModule,
    PeopleModule,
    WebhooksModule,
  ],
  controllers: [
    ActRequestsController,
    AgentActsController,
    AlertsController,
    FleetController,
    LiveController,
    OnboardingController,
    TokenActsController,
  ],
  providers: [
    ...ofStanding,
    ...ofAlerts,
    ...ofActs,
    ...ofDiagnoses,
    ...ofOnboarding,
    FindReach,
    LiveSessions,
    LiveStreams,
    ReviewStates,
    SavedViews,
    SetSiteHours,
  ],
  exports: [AskDiagnosis, FindDiagnosis, QuarantineAgent],
})
export class FleetModule {}
