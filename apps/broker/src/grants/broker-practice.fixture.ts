/** Two practices with an agent each, two integrators and a store in memory, for tests of permission at the broker. */
import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';

import type { Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { AccessRequests } from '#apps/broker/src/grants/access-requests.js';
import type { SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import { AskAccess } from '#apps/broker/src/grants/ask-access.js';
import { CreatePairingCode } from '#apps/broker/src/grants/create-pairing-code.js';
import { GrantNews } from '#apps/broker/src/grants/grant-news.js';
import { LiveGrantBook } from '#apps/broker/src/grants/live-grant-book.js';
import { RedeemPairingCode } from '#apps/broker/src/grants/redeem-pairing-code.js';
import { StoreGrant } from '#apps/broker/src/grants/store-grant.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { RecordWebhookEvents } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import type { Database } from '#libs/db/schema.js';
import type { PublishGrantMeta } from '#libs/grants/grant-messages.js';
import { ed25519Signer } from '#libs/grants/agent-statement.js';
import { receiptDigestOf, signReceipt } from '#libs/grants/grant-receipt.js';
import { anApprover, aMomentInForce } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';
import { rawPublicKey } from '#libs/pki/keys.js';

/** Writes where a transaction was given or not; can be told to refuse. */
export class RefusableAudit extends AuditTrail {
  records: Omit<AuditRecord, 'ts'>[] = [];
  refuses = false;

  override note(record: Omit<AuditRecord, 'ts'>): void {
    this.records.push(record);
  }

  override async record(
    record: Omit<AuditRecord, 'ts'>,
    within?: Transaction<Database>,
  ): Promise<void> {
    if (!within) throw new Error('an act about permission shares its transaction');
    if (this.refuses) throw new Error('planned');
    this.records.push(record);
  }
}

export class BrokerPractice {
  readonly clock = new FixedClock(aMomentInForce);
  readonly audit = new RefusableAudit();
  readonly broadcast = new MemoryBroadcast();
  readonly log = new MemoryEventLog();
  readonly agents: Record<'one' | 'two', { peer: SpeakingAgent; key: KeyObject }>;
  readonly approver = anApprover();
  readonly create: CreatePairingCode;
  readonly requests: AccessRequests;
  readonly grants: StoreGrant;
  readonly book: LiveGrantBook;

  private constructor(readonly store: OpenedDatabase) {
    const { kysely } = store;
    const { audit, clock, broadcast, log } = this;
    const agent = (n: string) => ({
      peer: { agentId: `agent-${n}`, practiceId: `practice-${n}` },
      key: generateKeyPairSync('ed25519').privateKey,
    });
    this.agents = { one: agent('1'), two: agent('2') };
    this.create = new CreatePairingCode(kysely, this.config(), audit, clock);
    this.requests = new AccessRequests(kysely, audit, broadcast, clock);
    this.grants = new StoreGrant(kysely, audit, this.news(), clock, log);
    this.book = new LiveGrantBook(kysely, broadcast, clock, log);
  }

  static async open(): Promise<BrokerPractice> {
    const practice = new BrokerPractice(await openMemoryStore());
    await practice.fill();
    await practice.book.onModuleInit();
    return practice;
  }

  async close(): Promise<void> {
    this.book.onApplicationShutdown();
    await this.store.close();
  }

  redeemer(): RedeemPairingCode {
    const { store, audit, clock } = this;
    return new RedeemPairingCode(store.kysely, this.config(), audit, this.news(), clock);
  }

  asker(): AskAccess {
    const { store, book, audit, clock } = this;
    return new AskAccess(store.kysely, book, audit, this.news(), clock);
  }

  /** What it tells integrators is written down, and nothing is sent: its queues are not open. */
  private news(): GrantNews {
    const { store, broadcast, clock, log } = this;
    const events = new RecordWebhookEvents(store.kysely, clock);
    const jobs = new BackgroundJobs(this.config(), log, () => []);
    return new GrantNews(broadcast, events, new WakeDeliveries(jobs), clock);
  }

  /** What an agent sends for a grant it admitted. */
  published(grant: Grant, agent: keyof BrokerPractice['agents'] = 'one'): PublishGrantMeta {
    const signed = signGrant(grant, this.approver.approver.approverId, this.approver.privateKey);
    const { peer, key } = this.agents[agent];
    const receipt = signReceipt(
      {
        type: 'conduit-grant-receipt-v1',
        agentId: peer.agentId,
        grantId: grant.grantId,
        seq: grant.seq,
        digest: receiptDigestOf(signed.document),
        state: grant.revoked ? 'revoked' : 'active',
        at: new Date(this.clock.now()).toISOString(),
      },
      ed25519Signer(key),
    );
    return { signed, receipt };
  }

  /** The integrator paired with the site once: a request that was decided. */
  async asked(siteId: string, integratorId: string): Promise<void> {
    await this.store.kysely
      .insertInto('access_requests')
      .values({
        access_request_id: randomUUID(),
        site_id: siteId,
        integrator_id: integratorId,
        state: 'approved',
        asked: JSON.stringify({ scopes: ['sql:read'], catalogues: [], purposes: [] }),
      })
      .execute();
  }

  private config(): BrokerConfig {
    const config = new BrokerConfig();
    config.pairingPepper = new Secret(Buffer.alloc(32, 1));
    return config;
  }

  private async fill(): Promise<void> {
    const { kysely } = this.store;
    const now = new Date(this.clock.now());
    for (const [n, { peer, key }] of Object.values(this.agents).entries()) {
      await kysely
        .insertInto('practices')
        .values({ practice_id: peer.practiceId, name: `Zz Practice ${n + 1}` })
        .execute();
      await kysely
        .insertInto('agents')
        .values({
          agent_id: peer.agentId,
          practice_id: peer.practiceId,
          state: 'active',
          state_reason: null,
          identity_public_key: rawPublicKey(key),
          encryption_public_key: Buffer.alloc(32),
          encryption_key_since: now,
          instance_id: null,
          updated_at: now,
        })
        .execute();
      await kysely
        .insertInto('sites')
        .values({
          site_id: `site-${n + 1}`,
          practice_id: peer.practiceId,
          agent_id: peer.agentId,
          name: `Zz Rooms ${n + 1}`,
          pms_type: 'BestPractice',
          pms_site_id: `PMS-${n + 1}`,
          status: 'active',
          authoritative: true,
          catalogues: JSON.stringify([{ name: 'Patients', isDefault: true }]),
          updated_at: now,
        })
        .execute();
      await kysely
        .insertInto('integrators')
        .values({
          integrator_id: `integrator-${n + 1}`,
          name: `Zz Software ${n + 1}`,
          purposes: JSON.stringify(['PATADMIN']),
          countries: JSON.stringify(['AU']),
        })
        .execute();
    }
  }
}
