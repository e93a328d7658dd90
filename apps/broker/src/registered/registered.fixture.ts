/** Registered queries in a registry in memory, with what they stand on in memory too. */
import { randomBytes, randomUUID } from 'node:crypto';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { EndRegistered } from '#apps/broker/src/registered/end-registered.js';
import { RecordRuns } from '#apps/broker/src/registered/record-runs.js';
import { RegisteredBook } from '#apps/broker/src/registered/registered-book.js';
import type { RunReportDto } from '#apps/broker/src/registered/registered-report.js';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import type { WaitingRequests } from '#apps/broker/src/registered/waiting-requests.js';
import type {
  PurgeReason,
  ResultOwner,
  ResultStore,
} from '#apps/broker/src/results/result-store.port.js';
import { UsageBook, type Use } from '#apps/broker/src/usage/usage-book.port.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import type { SealedPage } from '#libs/contracts/result-page.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';

class KeptEvents extends WebhookEvents {
  readonly events: WebhookEvent[] = [];

  override publish(event: WebhookEvent): void {
    this.events.push(event);
  }
}

class KeptUsage extends UsageBook {
  readonly uses: Use[] = [];

  override note(use: Use): void {
    this.uses.push(use);
  }
}

/** As much of a store of results as this room uses. */
class KeptPages {
  readonly pages = new Map<string, SealedPage>();
  readonly receipts: [string, PurgeReason][] = [];

  get store(): ResultStore {
    return this as unknown as ResultStore;
  }

  putPage(owner: ResultOwner, page: SealedPage): Promise<'stored'> {
    this.pages.set(`${owner.id} ${page.header.page}`, page);
    return Promise.resolve('stored');
  }

  readPage(owner: ResultOwner, page: number): Promise<SealedPage | undefined> {
    return Promise.resolve(this.pages.get(`${owner.id} ${page}`));
  }

  purge(owner: ResultOwner, reason: PurgeReason): Promise<void> {
    const names = [...this.pages.keys()].filter((name) => name.startsWith(`${owner.id} `));
    for (const name of names) this.pages.delete(name);
    if (names.length > 0) this.receipts.push([owner.queryId ?? owner.id, reason]);
    return Promise.resolve();
  }
}

export class RegisteredRegistry {
  readonly webhooks = new KeptEvents();
  readonly usage = new KeptUsage();
  readonly pages = new KeptPages();
  readonly dropped: string[] = [];
  readonly book: RegisteredBook;
  readonly ending: EndRegistered;
  readonly record: RecordRuns;

  private constructor(readonly practice: BrokerPractice) {
    const { store, audit, clock } = practice;
    const waiting = {
      drop: ({ registered_id }: RegisteredRow) => {
        this.dropped.push(registered_id);
        return Promise.resolve();
      },
    } as unknown as WaitingRequests;
    this.book = new RegisteredBook(store.kysely);
    this.ending = new EndRegistered(store.kysely, audit, waiting, this.webhooks, clock);
    this.record = new RecordRuns(store.kysely, clock, this.usage, audit);
  }

  static async open(): Promise<RegisteredRegistry> {
    return new RegisteredRegistry(await BrokerPractice.open());
  }

  close(): Promise<void> {
    return this.practice.close();
  }

  get kysely() {
    return this.practice.store.kysely;
  }

  /** The agent of `site-1`. */
  get agentId(): string {
    return this.practice.agents.one.peer.agentId;
  }

  /** @param durationMs until its end */
  async add(durationMs = 3_600_000, more: object = {}): Promise<RegisteredRow> {
    const now = this.practice.clock.now();
    return this.kysely
      .insertInto('registered_queries')
      .values({
        registered_id: randomUUID(),
        integrator_id: 'integrator-1',
        site_id: 'site-1',
        key_id: 'key-1',
        grant_id: 'grant-1',
        grant_seq: 1,
        result_key: randomBytes(32).toString('base64url'),
        sealed_to: randomBytes(32).toString('base64url'),
        sealed_name: randomBytes(40),
        name_key_id: 'key-1',
        state: 'enabled',
        frequency_seconds: 60,
        duration_seconds: 3_600,
        ends_at: new Date(now + durationMs),
        request_bytes: 1,
        created_at: new Date(now),
        updated_at: new Date(now),
        ...more,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async read(id: string): Promise<RegisteredRow> {
    const row = await this.book.read(id);
    if (!row) throw new Error('there is no such row');
    return row;
  }

  aReport(row: RegisteredRow, run: number, more: Partial<RunReportDto> = {}): RunReportDto {
    const startedAtMs = this.practice.clock.now();
    const hash = randomBytes(32).toString('base64');
    const result = { outcome: 'changed' as const, hash, rows: 1, size: 10, basis: 0 };
    const which = { registeredId: row.registered_id, run, startedAtMs, executionMs: 5 };
    return { ...which, ...result, ...more };
  }

  report(...reports: RunReportDto[]) {
    return this.record.execute(this.agentId, reports);
  }
}
