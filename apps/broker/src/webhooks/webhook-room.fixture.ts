/** The rooms of webhooks over a real store and real HTTPS; only the queue is a list, and time stands still. */
import { randomUUID } from 'node:crypto';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { RefusableAudit } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { Metrics } from '#apps/broker/src/health/metrics.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import { ChangeWebhook } from '#apps/broker/src/webhooks/change-webhook.js';
import { CreateWebhook, type MadeWebhook } from '#apps/broker/src/webhooks/create-webhook.js';
import { DeliverWebhook } from '#apps/broker/src/webhooks/deliver-webhook.js';
import { DeliveryBook } from '#apps/broker/src/webhooks/delivery-book.js';
import { DeliveryLog, type DeliveryView } from '#apps/broker/src/webhooks/delivery-log.js';
import { FindWebhooks } from '#apps/broker/src/webhooks/find-webhooks.js';
import {
  RecordWebhookEvents,
  type DueDelivery,
} from '#apps/broker/src/webhooks/record-webhook-events.js';
import { Redeliver } from '#apps/broker/src/webhooks/redeliver.js';
import { RotateWebhookSecret } from '#apps/broker/src/webhooks/rotate-webhook-secret.js';
import { SendDelivery } from '#apps/broker/src/webhooks/send-delivery.js';
import { SettleDelivery } from '#apps/broker/src/webhooks/settle-delivery.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import { WebhookMetrics } from '#apps/broker/src/webhooks/webhook-metrics.js';
import { WebhookSecrets } from '#apps/broker/src/webhooks/webhook-secrets.js';
import { WebhookTarget } from '#apps/broker/src/webhooks/webhook-target.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import type { CreateWebhookDto } from '#libs/contracts/webhooks.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import { openDatabase, type DatabasePlace, type OpenedDatabase } from '#libs/db/open-database.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';

interface AddedJob {
  deliveryId: string;
  delayMs: number;
}

/** Jobs as a queue would hold them, run when a test says so. */
class JobList {
  waiting: AddedJob[] = [];

  async add(_job: string, { deliveryId }: { deliveryId: string }, { delayMs = 0 } = {}) {
    this.waiting.push({ deliveryId, delayMs });
  }
}

export const callerOf = (integratorId: string): CallerIdentity => ({
  integratorId,
  keyId: 'key-1',
  key: {
    keyId: 'key-1',
    integratorId,
    secretHmac: Buffer.alloc(32),
    expiresAtMs: Infinity,
    revoked: false,
  },
});

/** What one broker process has of its own; the store is shared. */
export class WebhookNode {
  readonly receiver: CallReceiver;
  readonly secrets: WebhookSecrets;
  readonly jobs = new JobList();
  readonly wake = new WakeDeliveries(this.jobs as never);
  readonly book: DeliveryBook;
  readonly deliver: DeliverWebhook;
  readonly health = new Metrics();
  private readonly metrics: WebhookMetrics;

  constructor(room: WebhookRoom, caFile: string, pepper = 1) {
    const { kysely, clock, audit, log } = room;
    const config = new BrokerConfig();
    config.keyPepper = new Secret(Buffer.alloc(32, pepper));
    config.webhookPrivateRanges = ['127.0.0.0/8', '::1'];
    config.webhookCaFile = caFile;
    this.receiver = new CallReceiver(config, clock);
    this.receiver.callMs = 500;
    this.secrets = new WebhookSecrets(config);
    this.book = new DeliveryBook(kysely, clock);
    this.metrics = new WebhookMetrics(this.health, kysely, clock);
    const send = new SendDelivery(this.receiver, this.secrets, clock);
    const settle = new SettleDelivery(kysely, audit, clock, log);
    this.deliver = new DeliverWebhook(this.book, send, settle, this.wake, this.metrics);
  }

  /** Runs due jobs as they come, many at once, until none is left; those for later stay. */
  async runDue(): Promise<void> {
    const running = new Set<Promise<void>>();
    for (;;) {
      const due = this.jobs.waiting.filter(({ delayMs }) => delayMs === 0);
      this.jobs.waiting = this.jobs.waiting.filter(({ delayMs }) => delayMs > 0);
      for (const { deliveryId } of due) {
        const turn = this.deliver.execute({ deliveryId }).finally(() => running.delete(turn));
        running.add(turn);
      }
      if (running.size === 0) return;
      await Promise.race(running);
    }
  }
}

export class WebhookRoom {
  readonly clock = new FixedClock(Date.parse('2026-03-04T00:00:00Z'));
  readonly audit = new RefusableAudit();
  readonly log = new MemoryEventLog();
  readonly webhooks: FindWebhooks;
  readonly node: WebhookNode;
  private readonly record: RecordWebhookEvents;

  private constructor(
    private readonly store: OpenedDatabase,
    readonly caFile: string,
  ) {
    this.webhooks = new FindWebhooks(this.kysely);
    this.node = new WebhookNode(this, caFile);
    this.record = new RecordWebhookEvents(this.kysely, this.clock);
  }

  static async open(caFile: string, place?: DatabasePlace): Promise<WebhookRoom> {
    const store = place ? openDatabase(place) : openMemoryStore();
    return new WebhookRoom(await store, caFile);
  }

  get kysely() {
    return this.store.kysely;
  }

  close(): Promise<void> {
    return this.store.close();
  }

  async anIntegrator(): Promise<string> {
    const integratorId = randomUUID();
    await this.kysely
      .insertInto('integrators')
      .values({
        integrator_id: integratorId,
        name: 'Zz Software',
        purposes: JSON.stringify([]),
        countries: JSON.stringify(['AU']),
      })
      .execute();
    return integratorId;
  }

  async aWebhook(
    order: CreateWebhookDto,
    integratorId?: string,
  ): Promise<MadeWebhook & { id: string; integratorId: string }> {
    const owner = integratorId ?? (await this.anIntegrator());
    const target = new WebhookTarget(this.node.receiver, this.kysely);
    const { secrets } = this.node;
    const create = new CreateWebhook(this.kysely, target, secrets, this.audit, this.clock);
    const made = await create.execute(callerOf(owner), order, randomUUID());
    return { ...made, id: made.row.webhook_id, integratorId: owner };
  }

  /** Change, pause, resume. */
  get change(): ChangeWebhook {
    const target = new WebhookTarget(this.node.receiver, this.kysely);
    return new ChangeWebhook(this.kysely, this.webhooks, target, this.audit, this.clock);
  }

  get rotate(): RotateWebhookSecret {
    const { kysely, webhooks, audit, clock } = this;
    return new RotateWebhookSecret(kysely, webhooks, this.node.secrets, audit, clock);
  }

  get redeliver(): Redeliver {
    return new Redeliver(this.kysely, this.node.wake, this.clock);
  }

  /** Records an event and wakes its deliveries. */
  async publish(event: Partial<WebhookEvent> & { integratorId: string }): Promise<DueDelivery[]> {
    const due = await this.record.execute([
      {
        type: 'query.succeeded',
        siteId: randomUUID(),
        queryId: randomUUID(),
        occurredAtMs: this.clock.now(),
        ...event,
      },
    ]);
    await this.node.wake.now(due);
    return due;
  }

  async deliveries(webhookId: string): Promise<DeliveryView[]> {
    const log = new DeliveryLog(this.kysely);
    return (await log.list(webhookId, { limit: '200' })).deliveries;
  }

  /** Time passes, and jobs that were for later are due. */
  advance(ms: number): void {
    this.clock.advance(ms);
    for (const job of this.node.jobs.waiting) job.delayMs = Math.max(0, job.delayMs - ms);
  }
}
