/**
 * Looks at the whole fleet every ten seconds, and soon after an agent came, left or said something
 * new. On nodes that play the role `worker`; several of them do each change once. After an outage of
 * the broker itself nobody has been heard of for long, through no fault of theirs: then no agent
 * becomes unreachable until all have had time to be heard again.
 */
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { standingLimits } from '#apps/broker/src/fleet/agent-standing.js';
import { FleetRound } from '#apps/broker/src/fleet/fleet-round.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { Clock } from '#libs/kernel/clock.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const LOOK_MS = 10_000;
/** From the first word of a change to the look: many come together. */
const SOON_MS = 500;
const TIDY_MS = 3_600_000;
/** Between two looks the wall clock and the machine's own may differ so much; more is a jump. */
const JUMP_MS = 20_000;

@Injectable()
export class FleetWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timers: NodeJS.Timeout[] = [];
  private soon: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void)[] = [];
  private unsureUntilMs = 0;
  private clocksDifferMs = 0;
  private isStopped = false;

  constructor(
    private readonly round: FleetRound,
    private readonly config: BrokerConfig,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.roles.includes('worker')) return;
    this.clocksDifferMs = this.clock.now() - performance.now();
    this.doubt();
    this.unsubscribe = (['agent.signalled', 'agent.changed'] as const).map((topic) =>
      this.broadcast.subscribe(topic, () => this.lookSoon()),
    );
    this.timers = [
      setInterval(() => void this.look(), LOOK_MS).unref(),
      setInterval(() => void this.tidy(), TIDY_MS).unref(),
    ];
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.soon);
    await this.look();
  }

  /** Never rejects; a look that begins after the call has ended when it resolves. */
  readonly look = coalesce(async () => {
    if (this.isStopped) return;
    this.noteJump();
    try {
      await this.round.look(this.clock.now() >= this.unsureUntilMs);
    } catch {
      // While nobody could write, everybody seems silent.
      this.doubt();
      this.log.write('store.unavailable', { what: 'fleet' });
    }
  });

  private lookSoon(): void {
    if (this.soon !== undefined || this.isStopped) return;
    this.soon = setTimeout(() => {
      this.soon = undefined;
      void this.look();
    }, SOON_MS).unref();
  }

  private async tidy(): Promise<void> {
    await this.round.tidy().catch(() => this.log.write('store.unavailable', { what: 'fleet' }));
  }

  private noteJump(): void {
    const differMs = this.clock.now() - performance.now();
    if (Math.abs(differMs - this.clocksDifferMs) > JUMP_MS) this.doubt();
    this.clocksDifferMs = differMs;
  }

  private doubt(): void {
    this.unsureUntilMs = this.clock.now() + standingLimits.silentMs;
  }
}
