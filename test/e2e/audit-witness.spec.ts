/**
 * The audit log of a whole conduit: heads that the agent cosigns, tiles from which anybody works out the
 * same root, and a broker whose store was put back to an earlier day.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import type { AgentStatus } from '#apps/agent/src/control/control-routes.js';
import type { JournalFindings } from '#apps/agent/src/journal/verify-journal.js';
import type { ReconciledHere } from '#apps/agent/src/witness/reconcile-here.js';
import { openCheckpoint, type OpenedCheckpoint } from '#libs/audit/checkpoint.js';
import { cosignatureOf } from '#libs/audit/cosignature.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { parseVerifierKey, type NoteKey } from '#libs/audit/signed-note.js';
import { edgeOf, tilePath } from '#libs/audit/tiles.js';
import { witnessName } from '#libs/audit/witness-request.js';
import { publicKeyFromRaw, rawPublicKey } from '#libs/pki/keys.js';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { settle } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const WITHIN_MS = 60_000;

let conduit: TestConduit;
let log: NoteKey;

beforeAll(async () => {
  // Everything here is asked for again and again, by one address.
  const brokerEnv = {
    CONDUIT_STRANGER_RATE_PER_SECOND: '1000',
    CONDUIT_STRANGER_RATE_BURST: '10000',
  };
  conduit = await startConduit({ brokerEnv });
  log = await readKey();
}, 120_000);

afterAll(async () => {
  await conduit?.stop();
});

const fetchText = async (path: string): Promise<string> =>
  String((await conduit.call('GET', `/audit/${path}`)).body);

async function readKey(): Promise<NoteKey> {
  const key = parseVerifierKey((await fetchText('key')).trim());
  if (!key) throw new Error('the log has no key');
  return key;
}

/** The agent's own, out of its state folder: not what the broker says it is. */
function witnessKey(agentId: string): NoteKey {
  const file = conduit.conduit.path('agent', 'identity', 'identity.json');
  const { identityKey } = JSON.parse(readFileSync(file, 'utf8')) as { identityKey: string };
  const raw = rawPublicKey(createPublicKey(createPrivateKey(identityKey)));
  return {
    name: witnessName(log.name, agentId),
    type: 'cosignature',
    publicKey: publicKeyFromRaw('ed25519', raw),
  };
}

const status = (): Promise<AgentStatus> => conduit.agent<AgentStatus>('status');

/** A head that the agent has cosigned, at least that long. */
async function untilWitnessed(size: number): Promise<OpenedCheckpoint> {
  const witness = witnessKey((await status()).agentId);
  return settle('the agent cosigns', WITHIN_MS, async () => {
    const opened = openCheckpoint(await fetchText('checkpoint'), log);
    const isGood = opened && cosignatureOf(opened.note, witness) !== undefined;
    return isGood && opened.checkpoint.size >= size ? opened : undefined;
  });
}

test(
  'what was done is under a head that the agent has cosigned',
  async () => {
    const { checkpoint } = await untilWitnessed(1);
    await conduit.rows('SELECT 1 AS n');
    const later = await untilWitnessed(checkpoint.size + 1);
    expect(later.checkpoint.size).toBeGreaterThan(checkpoint.size);
    expect((await status()).witness.size).toBeGreaterThanOrEqual(later.checkpoint.size);
  },
  WITHIN_MS * 2,
);

test(
  'the practice finds what ran in its own log, proven, and the broker’s records alike',
  async () => {
    await conduit.rows('SELECT 1 AS n');
    const compared = await settle('the broker’s head has the record', WITHIN_MS, async () => {
      // Each look asks the broker, which lets an agent ask so and so often.
      await delay(500);
      const found = await conduit.agent<ReconciledHere>('audit', 'reconcile', '--since', '1d');
      return found.matched > 0 && found.pending === 0 ? found : undefined;
    });
    expect(compared.mismatches).toEqual([]);
    const { records } = await conduit.agent<{ records: { record: object; exact?: object }[] }>(
      ...['audit', 'list', '--type', 'query.executed'],
    );
    expect(records.at(-1)).toMatchObject({ record: { outcome: 'successful' }, exact: { rows: 1 } });
    expect(await conduit.agent<JournalFindings>('audit', 'verify')).toMatchObject({ problems: [] });
  },
  WITHIN_MS * 2,
);

test(
  'the tiles that anybody may fetch make the root of the head',
  async () => {
    const { checkpoint } = await untilWitnessed(1);
    const tiles = await Promise.all(
      edgeOf(checkpoint.size)
        .filter(({ width }) => width > 0)
        .map(async ({ level, index, width }) => {
          const answer = await conduit.open('GET', `/audit/${tilePath(level, index, width)}`);
          expect(answer.headers['cache-control']).toContain('immutable');
          return { level, index, hashes: Buffer.from(await answer.body.arrayBuffer()) };
        }),
    );
    expect(GrowingTree.of(checkpoint.size, tiles).root()).toEqual(checkpoint.root);
  },
  WITHIN_MS,
);

test.each(['tile/0/001', 'tile/0/000.p/0', 'tile/entries/000.p/1', 'tile/64/000', 'tile/', 'x'])(
  'there is nothing at %s',
  async (path) => {
    expect((await conduit.call('GET', `/audit/${path}`)).status).toBe(404);
  },
);

/** A site that was there a moment ago is online, though its link may not be up again. */
const untilAQueryWorks = () =>
  settle('a query works', WITHIN_MS, async () => {
    const { status: answered } = await conduit.query({ text: 'SELECT 1 AS n' });
    return answered === 200 || undefined;
  });

test('a broker whose store went back to an earlier day is found out by the agent', async () => {
  const { conduit: local } = conduit;
  const [store, copy] = [local.path('broker', 'database'), local.path('copied-database')];
  await local.broker?.stop();
  cpSync(store, copy, { recursive: true });
  await local.startBroker();
  await untilAQueryWorks();
  const { size = 0 } = (await status()).witness;
  await conduit.rows('SELECT 1 AS n');
  await untilWitnessed(size + 1);
  await local.broker?.stop();
  rmSync(store, { recursive: true });
  cpSync(copy, store, { recursive: true });
  await local.startBroker();
  await untilAQueryWorks();
  const found = await settle('the agent raises its alarm', WITHIN_MS, async () => {
    const { witness } = await status();
    return witness.alarm === undefined ? undefined : witness;
  });
  // New records may have brought it past the old length before the agent saw it.
  expect(['roll-back', 'fork']).toContain(found.alarm);
  expect(await conduit.rows('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  const broker = await settle('the broker says so', WITHIN_MS, async () =>
    readFileSync(local.path('logs', 'broker.log'), 'utf8')
      .split('\n')
      .find((line) => line.includes('"audit-log.contradicted"')),
  );
  expect(JSON.parse(broker)).toMatchObject({ alarm: found.alarm });
}, 240_000);
