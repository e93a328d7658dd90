/**
 * Local control: what people with rights on this machine may ask of the running agent, by commands.
 * Promises: no network port; the owner of the state folder only; every body of exact form.
 */
import {
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { SiteStates } from '#apps/agent/src/brake/site-states.js';
import { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';
import { UpdateWindowBook } from '#apps/agent/src/control/update-window.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { ControlServer } from '#apps/agent/src/control/control-server.js';
import { GrantStore } from '#apps/agent/src/grants/grant-store.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import { PracticeApprovers } from '#apps/agent/src/grants/practice-approvers.js';
import { PracticeDecisions } from '#apps/agent/src/grants/practice-decisions.js';
import { PracticePauses } from '#apps/agent/src/grants/practice-pauses.js';
import { SignedGrantGate } from '#apps/agent/src/grants/signed-grant-gate.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { RegisteredModule } from '#apps/agent/src/registered/registered.module.js';
import { RegisteredQueries } from '#apps/agent/src/registered/registered-queries.js';
import { CosignCheckpoint } from '#apps/agent/src/witness/cosign-checkpoint.js';
import { CrossCheckpoints } from '#apps/agent/src/witness/cross-checkpoints.js';
import { ReconcileHere } from '#apps/agent/src/witness/reconcile-here.js';
import { WitnessModule } from '#apps/agent/src/witness/witness.module.js';
import { Clock } from '#libs/kernel/clock.js';

@Module({
  imports: [RegisteredModule, WitnessModule],
  providers: [
    {
      provide: UpdateWindowBook,
      useFactory: ({ stateFolder }: AgentConfig, line: BrokerLine) =>
        UpdateWindowBook.open(stateFolder, line),
      inject: [AgentConfig, BrokerLine],
    },
    {
      provide: ControlServer,
      useFactory: (
        { stateFolder }: AgentConfig,
        own: AgentIdentity,
        link: AgentLink,
        journal: FileJournal,
        clock: Clock,
        decisions: PracticeDecisions,
        approvers: PracticeApprovers,
        store: GrantStore,
        rules: LocalRules,
        gate: SignedGrantGate,
        pauses: PracticePauses,
        states: SiteStates,
        registered: RegisteredQueries,
        witness: CosignCheckpoint,
        consents: WithdrawnConsents,
        crossing: CrossCheckpoints,
        reconcile: ReconcileHere,
        updateWindow: UpdateWindowBook,
      ) =>
        new ControlServer(stateFolder, {
          ...{ own, line: link, clock, decisions, approvers, store, rules, gate, pauses, consents },
          updateWindow,
          journalWritable: () => journal.writable,
          linkStatus: () => link.status,
          siteStates: () => states.all(),
          registered: () => registered.standings(),
          witness: () => witness.standing,
          ownLog: () => crossing.standing,
          reconcile,
        }),
      inject: [
        AgentConfig,
        AgentIdentity,
        AgentLink,
        FileJournal,
        Clock,
        PracticeDecisions,
        PracticeApprovers,
        GrantStore,
        LocalRules,
        SignedGrantGate,
        PracticePauses,
        SiteStates,
        RegisteredQueries,
        CosignCheckpoint,
        WithdrawnConsents,
        CrossCheckpoints,
        ReconcileHere,
        UpdateWindowBook,
      ],
    },
  ],
})
export class ControlModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly server: ControlServer) {}

  onApplicationBootstrap(): Promise<void> {
    return this.server.listen();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.server.close();
  }
}
