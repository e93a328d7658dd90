/**
 * The same thief at what waits and at what registered queries leave behind: requests that are sealed to
 * the agent, results and names that are sealed to the API key, secrets of webhook endpoints.
 */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { fromFields } from '#apps/broker/src/async-queries/query-record.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { RunOpener } from '#apps/broker/src/registered/open-run.js';
import { runOwner, type RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { unpackPart } from '#apps/broker/src/registered/run-parts.js';
import { openName } from '#apps/broker/src/registered/sealed-name.js';
import { keysOf } from '#apps/broker/src/results/result-keys.js';
import { WebhookSecrets } from '#apps/broker/src/webhooks/webhook-secrets.js';
import { runParts } from '#libs/contracts/registered.js';
import type { PageHeader } from '#libs/contracts/result-page.js';
import { openDatabase, type DatabasePlace } from '#libs/db/open-database.js';
import { Secret } from '#libs/kernel/secret.js';
import { deriveKeyPair } from '#libs/sealing/hpke.js';
import { openRequest, type RequestContext } from '#libs/sealing/seal-request.js';
import { ResultOpener } from '#libs/sealing/seal-result.js';
import { KEY_BYTES, rawX25519, type Doors } from '#test/e2e/canary-theft.fixture.js';

/** Every text and every blob that Redis holds under a name like this; of a hash `name field` each. */
export async function stealValues(redis: Redis, pattern: string): Promise<Map<string, Buffer>> {
  const values = new Map<string, Buffer>();
  for (const key of await redis.keys(pattern)) {
    const type = await redis.type(key);
    if (type === 'string') values.set(key, (await redis.getBuffer(key)) ?? Buffer.alloc(0));
    if (type !== 'hash') continue;
    for (const [field, value] of Object.entries(await redis.hgetallBuffer(key)))
      values.set(`${key} ${field}`, value);
  }
  return values;
}

export interface StolenRequest {
  sealed: Buffer;
  context: RequestContext;
}

/** Requests of async queries that wait for their site, while they do. */
export async function stealRequests(redis: Redis): Promise<StolenRequest[]> {
  const requests: StolenRequest[] = [];
  for (const [key, sealed] of await stealValues(redis, 'conduit:query:*:request')) {
    const record = fromFields(await redis.hgetall(key.slice(0, -':request'.length)));
    if (record) requests.push({ sealed, context: { ...record, queryId: record.id } });
  }
  return requests;
}

export interface StolenRegistry {
  rows: RegisteredRow[];
  /** Sealed secrets by the endpoint that they belong to. */
  webhooks: Map<string, Buffer>;
}

export async function stealRegistry(place: DatabasePlace): Promise<StolenRegistry> {
  const { kysely, close } = await openDatabase(place);
  try {
    const rows = await kysely.selectFrom('registered_queries').selectAll().execute();
    const endpoints = await kysely.selectFrom('webhook_endpoints').selectAll().execute();
    const webhooks = endpoints.map(
      ({ webhook_id: id, sealed_secret: sealed }) => [id, Buffer.from(sealed)] as const,
    );
    return { rows, webhooks: new Map(webhooks) };
  } finally {
    await close();
  }
}

/** Of registered queries that their agent has not taken. */
export function registeredRequests(
  { rows }: StolenRegistry,
  values: Map<string, Buffer>,
): StolenRequest[] {
  return rows.flatMap((row) => {
    const sealed = values.get(`conduit:registered:{${row.registered_id}}`);
    const { registered_id: queryId, integrator_id: integratorId, site_id: siteId } = row;
    const own = { keyId: row.key_id, resultKey: row.result_key, idempotencyKey: '' };
    return sealed ? [{ sealed, context: { queryId, siteId, integratorId, ...own } }] : [];
  });
}

/** What opens a request that waits: a private key of the agent's. */
export const requestDoors =
  ({ sealed, context }: StolenRequest): Doors =>
  (candidate) =>
    candidate.length === KEY_BYTES
      ? [
          () => openRequest(rawX25519(candidate), context, sealed),
          () => openRequest(deriveKeyPair(candidate).privateKey, context, sealed),
        ]
      : [];

/** What opens the rows of a registered query's last changed run, and its name. */
export function registeredDoors(row: RegisteredRow, values: Map<string, Buffer>): Doors {
  const run = Number(row.changed_run);
  const owner = runOwner(row, run);
  const [about, page] = keysOf(owner.id, runParts.rows);
  const header = values.get(`${about} page:${runParts.rows}`);
  const blob = values.get(page);
  if (!header || !blob) throw new Error('the result is not stored');
  const kept = { header: JSON.parse(header.toString()) as PageHeader, sealed: blob };
  const part = unpackPart(kept);
  const { siteId, integratorId } = owner;
  const context = { queryId: `${row.registered_id}.${run}`, siteId, integratorId };
  const openWith = (opener: ResultOpener) => opener.openPage(part.header, part.sealed);
  const asKey = (candidate: Buffer) => () =>
    openWith(new ResultOpener(rawX25519(candidate), part.keyEnvelope, context));
  return (candidate) => {
    const secret = new Secret(candidate);
    return [
      () => openWith(new RunOpener(row, secret).opener(run, part)),
      () => nonEmpty(openName(secret, row.registered_id, Buffer.from(row.sealed_name))),
      ...(candidate.length === KEY_BYTES ? [asKey(candidate)] : []),
    ];
  };
}

const nonEmpty = (text: string): Buffer | undefined =>
  text === '' ? undefined : Buffer.from(text);

/** What opens the secrets of an endpoint: a key pepper. */
export const webhookDoors =
  (webhookId: string, sealed: Buffer): Doors =>
  (candidate) => [
    () => {
      const config = Object.assign(new BrokerConfig(), { keyPepper: new Secret(candidate) });
      return new WebhookSecrets(config).open(webhookId, sealed).hmacKey;
    },
  ];

/** The private keys of the agent, as raw as the thief would need them. */
export function agentKeys(identityFolder: string): Buffer[] {
  const text = readFileSync(`${identityFolder}/encryption.json`, 'utf8');
  const { keys } = JSON.parse(text) as { keys: { privateKey: string }[] };
  return keys.map(({ privateKey }) => {
    const { d = '' } = createPrivateKey(privateKey).export({ format: 'jwk' });
    return Buffer.from(d, 'base64url');
  });
}
