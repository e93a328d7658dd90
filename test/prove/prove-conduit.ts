/**
 * The whole proof for one kind of database: sends what there is to send, looks while it waits, while
 * everything rests and when it has stopped, and then shows for each place that a word put there on
 * purpose would have been found.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { Canaries } from '#test/prove/canaries.js';
import { sendFromConsole } from '#test/prove/console-canaries.js';
import { everythingThatReturns } from '#test/prove/expected-returns.js';
import { handOut } from '#test/prove/files-given-out.js';
import { LookAround, type PlantedLeak, type SinkProof } from '#test/prove/look-around.js';
import type { Planting } from '#test/prove/places.js';
import type { DatabaseKind } from '#test/prove/prove-options.js';
import type { ProofRoom } from '#test/prove/proof-room.js';
import { sendToOtherNode } from '#test/prove/node-canaries.js';
import { RecoveringCanaries } from '#test/prove/recovering-canaries.js';
import { WaitingCanaries } from '#test/prove/waiting-canaries.js';

export interface Proof {
  database: DatabaseKind;
  /** What was sent, and how it was answered or ended. */
  sent: Record<string, string>;
  /** What gave a planted word back: it went all the way to the database. */
  returned: string[];
  /** What should have, and did not. */
  notReturned: string[];
  sinks: SinkProof[];
  /** Left on purpose, because it was asked for. */
  planted: PlantedLeak[];
}

export interface ProofWishes {
  database: DatabaseKind;
  /** From the last answer to the look at what rests. */
  restSeconds: number;
  /** The place that a leak is planted in, or all of them. */
  plant?: Planting;
  say(line: string): void;
}

export class ConduitProof {
  private readonly canaries: Canaries;
  private readonly around: LookAround;

  constructor(
    private readonly room: ProofRoom,
    private readonly wishes: ProofWishes,
  ) {
    this.canaries = new Canaries(room.conduit);
    this.around = new LookAround(this.canaries.needles, wishes);
  }

  async execute(): Promise<Proof> {
    const { room, around, wishes } = this;
    await this.sendAll();
    wishes.say(`resting for ${wishes.restSeconds} s`);
    await delay(wishes.restSeconds * 1_000);
    wishes.say('looking while it runs');
    await around.lookAndControl(room.whileItRuns());
    wishes.say('stopping it, and looking at what is left');
    await room.stopPrograms();
    await around.lookAndControl(room.whenItHasStopped());
    return this.result();
  }

  private async sendAll(): Promise<void> {
    const { room, canaries, around, wishes } = this;
    wishes.say('sending: retries, timeouts, killed agents and brokers');
    await new RecoveringCanaries(room.conduit, canaries).sendAll();
    wishes.say('sending: immediate queries, writes, failures, refusals, streams');
    await canaries.sendAll();
    const other = await room.startOtherNode();
    if (other) {
      wishes.say('sending: queries to another node of the broker');
      await sendToOtherNode(room.conduit, canaries, other);
    }
    wishes.say('sending: async and registered queries, pages, webhooks');
    await new WaitingCanaries(room.conduit, canaries, room.receiver, () =>
      around.look(room.whileItWaits()),
    ).sendAll();
    if (isSandbox) await sendFromConsole(room.conduit, canaries);
    wishes.say('fetching receipts, exports of the audit and proofs');
    const unrecorded = await handOut(room.conduit, canaries, room.givenOutFolder);
    if (unrecorded.length > 0)
      wishes.say(`not in the audit log, as its broker was killed: ${unrecorded.join(', ')}`);
  }

  private result(): Proof {
    const { canaries, around, wishes } = this;
    const answers = Object.entries(canaries.answers).map(([what, status]) => [what, `${status}`]);
    return {
      database: wishes.database,
      sent: { ...canaries.ended, ...(Object.fromEntries(answers) as Record<string, string>) },
      returned: [...canaries.echoed],
      notReturned: everythingThatReturns(wishes.database).filter(
        (what) => !canaries.echoed.has(what),
      ),
      sinks: around.proofs,
      planted: around.planted,
    };
  }
}
