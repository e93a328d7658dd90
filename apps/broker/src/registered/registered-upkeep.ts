/**
 * What time and other nodes bring about: registered queries whose end has come are completed, changes
 * that a dead node did not tell of are told, those that ended a day ago are forgotten; what another node
 * changed or wants is done for the agents that are attached here. All of it may be done twice.
 */
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { AnnounceChanges } from '#apps/broker/src/registered/announce-changes.js';
import type { BringRegistered } from '#apps/broker/src/registered/bring-registered.js';
import type { EndRegistered } from '#apps/broker/src/registered/end-registered.js';
import type { ForgetRegistered } from '#apps/broker/src/registered/forget-registered.js';
import type { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { Clock } from '#libs/kernel/clock.js';

const END_MS = 2_000;
const SWEEP_MS = 60_000;

export interface UpkeepParts {
  ending: EndRegistered;
  forget: ForgetRegistered;
  bring: BringRegistered;
  announce: AnnounceChanges;
  broadcast: Broadcast;
  clock: Clock;
  log: EventLog;
  /** Whether this node does what is due by the clock. */
  isWorker: boolean;
}

export class RegisteredUpkeep {
  private stops: (() => void)[] = [];

  constructor(private readonly parts: UpkeepParts) {}

  start(): void {
    const { broadcast, bring, announce, isWorker } = this.parts;
    this.stops = [
      // Not waited for: whoever changed it has his answer, and the agent may be slow.
      broadcast.subscribe('registered.changed', (id) => void bring.agreeOn(id)),
      broadcast.subscribe('registered.wanted', (id) => void announce.fetchWanted(id)),
    ];
    if (!isWorker) return;
    this.every(END_MS, () => this.parts.ending.completeDue());
    this.every(SWEEP_MS, () => this.sweep());
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  async sweep(): Promise<void> {
    const { announce, forget, clock } = this.parts;
    await announce.tellForgotten(clock.now());
    await forget.forgetOld();
  }

  /** One at a time; without the store the next turn tries again. */
  private every(ms: number, act: () => Promise<unknown>): void {
    let isBusy = false;
    const timer = setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      void act()
        .catch(() => this.parts.log.write('store.unavailable', { what: 'registered' }))
        .finally(() => (isBusy = false));
    }, ms).unref();
    this.stops.push(() => clearInterval(timer));
  }
}
