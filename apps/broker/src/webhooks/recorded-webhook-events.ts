import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { RecordWebhookEvents } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';

/** Events that wait for a store that is away; beyond that the oldest are given up, and counted. */
const MAX_WAITING = 10_000;
const EVENTS_AT_ONCE = 200;
/** So that a burst becomes one reading and one writing. */
const GATHER_MS = 20;
const RETRY_MS = 1_000;

/** Writes what is published, in the order in which it came, as soon as the store takes it. */
@Injectable()
export class RecordedWebhookEvents extends WebhookEvents implements OnApplicationShutdown {
  private waiting: WebhookEvent[] = [];
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly record: RecordWebhookEvents,
    private readonly wake: WakeDeliveries,
    private readonly log: EventLog,
  ) {
    super();
  }

  override publish(event: WebhookEvent): void {
    this.waiting.push(event);
    if (this.waiting.length > MAX_WAITING) {
      this.waiting.shift();
      this.dropped += 1;
    }
    this.timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
  }

  /** One more try for what still waits; the store is closed after this. */
  async onApplicationShutdown(): Promise<void> {
    await this.writing;
    clearTimeout(this.timer);
    await this.flush();
    clearTimeout(this.timer);
  }

  private flush(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const batch = this.waiting.slice(0, EVENTS_AT_ONCE);
        const due = await this.record.execute(batch);
        this.waiting = this.waiting.filter((event) => !batch.includes(event));
        await this.wake.now(due);
      }
      this.timer = undefined;
      this.reportDropped();
    } catch {
      this.log.write('store.unavailable', { what: 'webhooks' });
      this.timer = setTimeout(() => void this.flush(), RETRY_MS).unref();
    }
  }

  private reportDropped(): void {
    if (this.dropped === 0) return;
    this.log.write('webhook-events.dropped', { count: this.dropped });
    this.dropped = 0;
  }
}
