/**
 * A real broker for tests of identity and link: HTTPS with the enrolment routes, the mutual TLS
 * gateway, PGlite in memory. The audit trail is a fake that
 * remembers, and webhooks are left out.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import type { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EdgeModule } from '#apps/broker/src/edge/edge.module.js';
import { makeAdapter } from '#apps/broker/src/edge/http-server.js';
import { authorityFolder, gatewayHosts } from '#apps/broker/src/enrolment/authority.module.js';
import { CreateEnrolmentCode } from '#apps/broker/src/enrolment/create-enrolment-code.js';
import { EnrolmentModule } from '#apps/broker/src/enrolment/enrolment.module.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import { ServerIdentity } from '#apps/broker/src/enrolment/server-identity.js';
import { Gateway } from '#apps/broker/src/gateway/gateway.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { ResourcesModule } from '#apps/broker/src/resources.module.js';
import { RecordWebhookEvents } from '#apps/broker/src/webhooks/record-webhook-events.js';
import { SiteNews } from '#apps/broker/src/webhooks/site-news.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';
import { LinkServer } from '#libs/link/link-server.js';

export class MemoryAuditTrail extends AuditTrail {
  readonly records: Omit<AuditRecord, 'ts'>[] = [];
  isBroken = false;

  override note(record: Omit<AuditRecord, 'ts'>): void {
    this.records.push(record);
  }

  override async record(record: Omit<AuditRecord, 'ts'>): Promise<void> {
    if (this.isBroken) throw new Error('the audit trail cannot be written');
    this.records.push(record);
  }

  types(): string[] {
    return this.records.map(({ type }) => type);
  }
}

/** The machine's clock, moved. */
export class ShiftedClock extends Clock {
  shiftMs = 0;

  override now(): number {
    return Date.now() + this.shiftMs;
  }
}

export interface TestBroker {
  app: NestFastifyApplication;
  /** https:// address of the public listener. */
  url: string;
  gatewayPort: number;
  stateDir: string;
  kysely: Kysely<Database>;
  audit: MemoryAuditTrail;
  log: MemoryEventLog;
  clock: ShiftedClock;
  /** A practice with one site and an enrolment code for it. */
  practice(name?: string): Promise<TestPractice>;
  stop(drainMs?: number): Promise<void>;
}

export interface TestPractice {
  practiceId: string;
  siteId: string;
  code: Secret;
  newCode(): Promise<Secret>;
}

export interface TestBrokerOptions {
  /** Shared with another node. */
  stateDir?: string;
  database?: OpenedDatabase;
  broadcast?: Broadcast;
  /** Instead of the broker's own HTTPS certificate. */
  tls?: { key: string; cert: string };
  redisUrl?: Secret;
  /** Life of the gateway's certificate. */
  serverCertificateSeconds?: number;
}

let practices = 0;

export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'conduit-broker-'));
  const clock = new ShiftedClock();
  const authority = await openAuthority(authorityFolder(stateDir), clock.now());
  const https = await ServerIdentity.make(authority, gatewayHosts('localhost'), clock.now());
  const database = options.database ?? (await openMemoryStore());
  const { kysely } = database;
  const audit = new MemoryAuditTrail();
  const log = new MemoryEventLog();
  const config = Object.assign(new BrokerConfig(), {
    stateDir,
    gatewayPort: 0,
    drainSeconds: 0,
    pairingPepper: new Secret(Buffer.alloc(32, 1)),
    ...(options.redisUrl && { redisUrl: options.redisUrl }),
    ...(options.serverCertificateSeconds && {
      serverCertificateSeconds: options.serverCertificateSeconds,
    }),
  });
  const broadcast = options.broadcast ?? new MemoryBroadcast();
  const app = await NestFactory.create<NestFastifyApplication>(
    brokerModule(ResourcesModule.of({ config, kysely, clock, broadcast, log }), audit),
    makeAdapter({
      trustProxy: [],
      tls: options.tls ?? { key: https.current.privateKey, cert: https.current.chain },
    }),
    { logger: false, abortOnError: false, bodyParser: false },
  );
  const server = app.getHttpAdapter().getInstance();
  server.removeAllContentTypeParsers();
  // As the broker does: bodies stay unread until the pipe that checks them.
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.connectMicroservice({ strategy: app.get(LinkServer) }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  await app.get(Gateway).start();
  const { port } = app.getHttpServer().address() as { port: number };
  const create = app.get(CreateEnrolmentCode);
  return {
    app,
    url: `https://localhost:${port}`,
    gatewayPort: app.get(Gateway).port,
    stateDir,
    kysely,
    audit,
    log,
    clock,
    practice: (name = 'Zz Practice') => makePractice(kysely, create, name),
    stop: async (drainMs = 0) => {
      await app.get(Gateway).stop(drainMs);
      await app.close();
      if (!options.database) await database.close();
    },
  };
}

function brokerModule(resources: DynamicModule, audit: AuditTrail): DynamicModule {
  /** Nobody is told of anything here: no integrator has a webhook. */
  const silence = { start: () => undefined, stop: () => undefined, look: async () => undefined };
  const providers = [
    { provide: AuditTrail, useValue: audit },
    { provide: SiteNews, useValue: silence },
    { provide: WakeDeliveries, useValue: { now: async () => undefined } },
    RecordWebhookEvents,
  ];

  @Global()
  @Module({
    providers,
    exports: providers.map((part) => ('provide' in part ? part.provide : part)),
  })
  class FakeRoomsModule {}

  @Module({})
  class TestBrokerModule {}
  const rooms = [EdgeModule, EnrolmentModule, GatewayModule, GrantsModule];
  const imports = [resources, FakeRoomsModule, ...rooms];
  return { module: TestBrokerModule, imports };
}

async function makePractice(
  kysely: Kysely<Database>,
  create: CreateEnrolmentCode,
  name: string,
): Promise<TestPractice> {
  practices += 1;
  const practiceId = `practice-${practices}`;
  const siteId = `00000000-0000-4000-8000-${String(practices).padStart(12, '0')}`;
  await kysely.insertInto('practices').values({ practice_id: practiceId, name }).execute();
  const sites = [{ siteId, name: 'Zz Site', pmsType: 'Sandbox', pmsSiteId: 'ZZ1' }];
  const newCode = async () => (await create.execute({ practiceId, sites })).code;
  return { practiceId, siteId, code: await newCode(), newCode };
}
