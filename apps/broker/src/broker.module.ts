/**
 * The broker: rooms, wired. `api` answers integrators, `gateway` holds agents' links, `worker` runs
 * background jobs. One process may play all roles. A role decides what is started, not what is wired:
 * the api finds links through a port, whichever node holds them.
 */
import { Module, type DynamicModule } from '@nestjs/common';
import { AccessModule } from '#apps/broker/src/access/access.module.js';
import { ActivityModule } from '#apps/broker/src/activity/activity.module.js';
import { AsyncQueriesModule } from '#apps/broker/src/async-queries/async-queries.module.js';
import { AuditModule } from '#apps/broker/src/audit/audit.module.js';
import { ConsoleModule } from '#apps/broker/src/console/console.module.js';
import { EdgeModule } from '#apps/broker/src/edge/edge.module.js';
import { EnrolmentModule } from '#apps/broker/src/enrolment/enrolment.module.js';
import { FleetModule } from '#apps/broker/src/fleet/fleet.module.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { HealthModule } from '#apps/broker/src/health/health.module.js';
import { HousekeepingModule } from '#apps/broker/src/housekeeping/housekeeping.module.js';
import { IntegratorDeskModule } from '#apps/broker/src/integrator-desk/integrator-desk.module.js';
import { IntegratorsModule } from '#apps/broker/src/integrators/integrators.module.js';
import { JobsModule } from '#apps/broker/src/jobs/jobs.module.js';
import { NodesModule } from '#apps/broker/src/nodes/nodes.module.js';
import { OauthModule } from '#apps/broker/src/oauth/oauth.module.js';
import { OperatorModule } from '#apps/broker/src/operator/operator.module.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { PracticeDeskModule } from '#apps/broker/src/practice-desk/practice-desk.module.js';
import { ProofsModule } from '#apps/broker/src/proofs/proofs.module.js';
import { IncidentsModule } from '#apps/broker/src/incidents/incidents.module.js';
import { PrivacyDeskModule } from '#apps/broker/src/privacy-desk/privacy-desk.module.js';
import { QueriesModule } from '#apps/broker/src/queries/queries.module.js';
import { ReconciliationModule } from '#apps/broker/src/reconciliation/reconciliation.module.js';
import { ReferenceModule } from '#apps/broker/src/reference/reference.module.js';
import { RegisteredModule } from '#apps/broker/src/registered/registered.module.js';
import { ResourcesModule, type Resources } from '#apps/broker/src/resources.module.js';
import { RetentionModule } from '#apps/broker/src/retention/retention.module.js';
import { ResultsModule } from '#apps/broker/src/results/results.module.js';
import { SitesModule } from '#apps/broker/src/sites/sites.module.js';
import { StatementsModule } from '#apps/broker/src/statements/statements.module.js';
import { UsageModule } from '#apps/broker/src/usage/usage.module.js';
import { TransientModule } from '#apps/broker/src/transient/transient.module.js';
import { WebhooksModule } from '#apps/broker/src/webhooks/webhooks.module.js';
import { WitnessesModule } from '#apps/broker/src/witnesses/witnesses.module.js';
import { WritesModule } from '#apps/broker/src/writes/writes.module.js';

@Module({})
export class BrokerModule {
  static of(resources: Resources): DynamicModule {
    return {
      module: BrokerModule,
      imports: [
        ResourcesModule.of(resources),
        AccessModule,
        ActivityModule,
        AsyncQueriesModule,
        AuditModule,
        ConsoleModule,
        EdgeModule,
        EnrolmentModule,
        FleetModule,
        GatewayModule,
        GrantsModule,
        HealthModule,
        HousekeepingModule,
        IntegratorDeskModule,
        IntegratorsModule,
        JobsModule,
        NodesModule,
        OauthModule,
        OperatorModule,
        PeopleModule,
        PracticeDeskModule,
        ProofsModule,
        IncidentsModule,
        PrivacyDeskModule,
        QueriesModule,
        ReconciliationModule,
        ReferenceModule,
        RegisteredModule,
        ResultsModule,
        RetentionModule,
        SitesModule,
        StatementsModule,
        TransientModule,
        UsageModule,
        WebhooksModule,
        WitnessesModule,
        WritesModule,
      ],
    };
  }
}
