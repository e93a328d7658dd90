/**
 * The audit log between broker and agents: heads over a link, to the code that decides about them at a
 * practice; what is served of the log; and a store that was put back to an earlier day.
 */
import { sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { MemoryEventLog } from '#apps/agent/src/logging/event-log.js';
import { CosignCheckpoint } from '#apps/agent/src/witness/cosign-checkpoint.js';
import { WitnessFile } from '#apps/agent/src/witness/witness-file.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { LogSequencer } from '#apps/broker/src/audit/log-sequencer.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { ProveLeaves } from '#apps/broker/src/proofs/prove-leaves.js';
import { AskWitness } from '#apps/broker/src/witnesses/ask-witness.js';
import { noteCosignature } from '#apps/broker/src/witnesses/note-witness.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import { WitnessRound } from '#apps/broker/src/witnesses/witness-round.js';
import { openCheckpoint, signCheckpoint, type OpenedCheckpoint } from '#libs/audit/checkpoint.js';
import { cosign, cosignatureOf, type Cosigner } from '#libs/audit/cosignature.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import {
  formatVerifierKey,
  parseVerifierKey,
  signatureLine,
  type NoteKey,
  type NoteSignature,
} from '#libs/audit/signed-note.js';
import { edgeOf, tilePath } from '#libs/audit/tiles.js';
import { witnessName } from '#libs/audit/witness-request.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { SystemClock } from '#libs/kernel/clock.js';
import type { LinkRequest } from '#libs/link/link-request.js';
import { LinkServer } from '#libs/link/link-server.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';
import { makeIdentityKey, rawPublicKey } from '#libs/pki/keys.js';
import { PretendApi } from '#test/contract/api.fixture.js';

let api: PretendApi;
const outsideKeys = makeIdentityKey();
const outsideKey: NoteKey = {
  ...{ name: 'witness.example/w', type: 'cosignature', publicKey: outsideKeys.publicKey },
};
const outside: Cosigner = {
  ...outsideKey,
  sign: (message) => sign(null, message, outsideKeys.privateKey),
};
let folder: string;
let count = 0;

interface PretendAgent {
  agentId: string;
  witness: CosignCheckpoint;
  key: NoteKey;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-witness-'));
  api = await PretendApi.start({
    CONDUIT_STRANGER_RATE_BURST: '10000',
    CONDUIT_STRANGER_RATE_PER_SECOND: '10000',
    CONDUIT_AUDIT_WITNESSES: formatVerifierKey(outsideKey),
  });
  await insertPractice();
});

afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

const database = () => api.database.kysely;
const round = () => api.app.get(WitnessRound).execute();
const textOf = async (path: string) => (await api.call('GET', `/audit/${path}`)).text();

async function insertPractice(): Promise<void> {
  await database().insertInto('practices').values({ practice_id: 'p', name: 'Zz' }).execute();
}

/** Records, and a head over them. */
async function act(times = 1): Promise<void> {
  for (let at = 0; at < times; at++) {
    await api.app.get(AuditTrail, { strict: false }).record({ type: 'key.created', practice: 'p' });
  }
  await api.app.get(LogSequencer, { strict: false }).look();
}

/** @param registered whether the broker knows the key it signs with */
async function anAgent(registered = true, knows = true): Promise<PretendAgent> {
  const agentId = `agent-${++count}`;
  const keys = makeIdentityKey();
  const publicKey = rawPublicKey(keys.publicKey);
  await database()
    .insertInto('agents')
    .values({
      agent_id: agentId,
      practice_id: 'p',
      state: 'active',
      state_reason: null,
      identity_public_key: registered ? publicKey : rawPublicKey(makeIdentityKey().publicKey),
      encryption_public_key: publicKey,
      encryption_key_since: new Date(),
      join_id: null,
      instance_id: null,
      updated_at: new Date(),
    })
    .execute();
  const state = mkdtempSync(join(folder, 'agent-'));
  const own = {
    ...{ agentId, practiceId: 'p', siteIds: [], publicKey },
    sign: (bytes: Uint8Array) => sign(null, bytes, keys.privateKey),
  };
  const clock = new SystemClock();
  const file = await WitnessFile.open(state, new MemoryEventLog());
  const witness = new CosignCheckpoint(file, own, clock, new MemoryEventLog());
  attach(agentId, knows ? witness : undefined);
  const name = witnessName((await logKey()).name, agentId);
  return { agentId, witness, key: { name, type: 'cosignature', publicKey: keys.publicKey } };
}

function attach(agentId: string, witness: Pick<CosignCheckpoint, 'execute'> | undefined): void {
  const { dialler, listener } = aLinkPair();
  const server = new LinkServer();
  const answer = (request: LinkRequest) =>
    witness?.execute(String(request.meta['logKey']), request.body.toString());
  if (witness) server.addHandler(agentPatterns.witnessCheckpoint, answer as never);
  server.listen(() => undefined);
  server.attach(dialler, 'broker');
  const join = { sequence: 1, joinId: agentId, instanceId: agentId };
  const peer = { agentId, practiceId: 'p', serial: '00', certificateEndsMs: 0, join };
  api.app.get(AttachedLinks, { strict: false }).add(listener, peer);
}

async function logKey(): Promise<NoteKey> {
  const key = parseVerifierKey((await textOf('key')).trim());
  if (!key) throw new Error('the log has no key');
  return key;
}

async function head(): Promise<OpenedCheckpoint> {
  const opened = openCheckpoint(await textOf('checkpoint'), await logKey());
  if (!opened) throw new Error('the head does not open');
  return opened;
}

test('without any record there is no head', async () => {
  expect((await api.call('GET', '/audit/checkpoint')).status).toBe(404);
  await round();
});

describe('attached agents', () => {
  let agents: PretendAgent[];

  beforeEach(async () => {
    const attached = api.app.get(AttachedLinks, { strict: false });
    for (const one of attached.all()) attached.remove(one);
    await act();
    agents = [await anAgent(), await anAgent()];
  });

  const cosigners = async (): Promise<boolean[]> => {
    const { note } = await head();
    return agents.map(({ key }) => cosignatureOf(note, key) !== undefined);
  };

  test('cosign each new head, and everybody sees it', async () => {
    for (const records of [1, 300, 2]) {
      await act(records);
      await round();
      const { checkpoint } = await head();
      expect(await cosigners()).toEqual([true, true]);
      expect(agents.map(({ witness }) => witness.standing)).toEqual([
        { size: checkpoint.size },
        { size: checkpoint.size },
      ]);
    }
  });

  test('that say more than their own line spoil nothing: a bad one in the log’s name is not served', async () => {
    const spoiler = await anAgent();
    const { name, keyId } = (await head()).note.signatures[0] as NoteSignature;
    const bad = signatureLine({ name, keyId, signature: Buffer.alloc(64) });
    attach(spoiler.agentId, {
      execute: async (key, body) => {
        const { cosignature, ...rest } = await spoiler.witness.execute(key, body);
        return cosignature === undefined ? rest : { cosignature: cosignature + bad };
      },
    });
    await act();
    await round();
    const { note } = await head();
    expect(cosignatureOf(note, spoiler.key)).toBeUndefined();
    expect(await cosigners()).toEqual([true, true]);
  });

  test('that have seen a longer head than the one they are asked about are shown the newest', async () => {
    const [agent] = agents as [PretendAgent, PretendAgent];
    const read = api.app.get(ReadLog, { strict: false });
    const old = await read.newest();
    await act();
    await round();
    const attachment = api.app.get(AttachedLinks, { strict: false }).newest(agent.agentId);
    const order = { agentId: agent.agentId, client: attachment!.client };
    const outcome = await api.app
      .get(AskWitness, { strict: false })
      .execute(order, old!, old!.size);
    expect(outcome).toEqual({ state: 'cosigned', size: (await read.newest())!.size });
    expect(agent.witness.standing.alarm).toBeUndefined();
  });

  test('that are late with a shorter head change nothing that is kept', async () => {
    const [{ agentId }] = agents as [PretendAgent, PretendAgent];
    await round();
    const kept = () =>
      database()
        .selectFrom('audit_witnesses')
        .selectAll()
        .where('agent_id', '=', agentId)
        .executeTakeFirstOrThrow();
    const before = await kept();
    const late = { agentId, size: Number(before.size) - 1, line: 'late', at: new Date() };
    await noteCosignature(database(), late);
    expect(await kept()).toEqual(before);
  });

  test('are asked nothing while nothing is new', async () => {
    await round();
    const said = () => database().selectFrom('audit_witnesses').selectAll().execute();
    const before = await said();
    await round();
    expect(await said()).toEqual(before);
  });

  test('that sign with a key which is not theirs, or know no witnessing, count for nothing', async () => {
    const stranger = await anAgent(false);
    const older = await anAgent(true, false);
    await round();
    const { note } = await head();
    expect(cosignatureOf(note, stranger.key)).toBeUndefined();
    expect(cosignatureOf(note, older.key)).toBeUndefined();
    expect(await cosigners()).toEqual([true, true]);
    const failed = () =>
      api.log.lines.filter(({ fields }) => 'agentId' in fields && fields.agentId === older.agentId);
    expect(failed()).toMatchObject([
      { event: 'witness.failed', fields: { code: 'LINK_PATTERN_UNKNOWN' } },
    ]);
    await act();
    await round();
    expect(failed()).toHaveLength(1);
  });

  test.each(['roll-back', 'fork'] as const)(
    'find out a store that was put back to an earlier day: %s',
    async (alarm) => {
      await round();
      const earlier = await copyLog();
      await act(3);
      await round();
      await putBack(earlier);
      if (alarm === 'fork') await act(5);
      await round();
      expect(agents.map(({ witness }) => witness.standing.alarm)).toEqual([alarm, alarm]);
      const ids = agents.map(({ agentId }) => agentId);
      const events = await database()
        .selectFrom('agent_events')
        .select(['agent_id', 'cause'])
        .where('kind', '=', 'log-alarm')
        .where('agent_id', 'in', ids)
        .orderBy('agent_id')
        .execute();
      expect(events).toEqual(ids.sort().map((agent_id) => ({ agent_id, cause: alarm })));
      expect(api.log.lines).toContainEqual({
        event: 'audit-log.contradicted',
        fields: { agentId: ids[0], alarm },
      });
      // Told of once, and nothing is cosigned any more.
      await act();
      await round();
      expect(await cosigners()).toEqual([false, false]);
      const told = api.log.lines.filter(
        ({ event, fields }) =>
          event === 'audit-log.contradicted' && (fields as { agentId: string }).agentId === ids[0],
      );
      expect(told).toHaveLength(1);
    },
  );
});

describe('what is served of the log', () => {
  beforeAll(() => act(700));

  test('are tiles that make the root of its head', async () => {
    const { checkpoint } = await head();
    const tiles = await Promise.all(
      edgeOf(checkpoint.size)
        .filter(({ width }) => width > 0)
        .map(async ({ level, index, width }) => {
          const answer = await api.call('GET', `/audit/${tilePath(level, index, width)}`);
          expect(answer.headers.get('cache-control')).toContain('immutable');
          return { level, index, hashes: Buffer.from(await answer.arrayBuffer()) };
        }),
    );
    expect(GrowingTree.of(checkpoint.size, tiles).root()).toEqual(checkpoint.root);
    expect((await api.call('GET', '/audit/tile/0/000')).status).toBe(200);
  });

  test.each(['tile/0/900', 'tile/0/000.p/0', 'tile/entries/000', 'tile/64/000', 'tile/', 'x'])(
    'is nothing at %s',
    async (path) => {
      expect((await api.call('GET', `/audit/${path}`)).status).toBe(404);
    },
  );
});

interface LogCopy {
  size: string;
  root: Buffer;
  tiles: { level: number; tile_index: string; hashes: Buffer }[];
}

async function copyLog(): Promise<LogCopy> {
  const { size, root } = await database()
    .selectFrom('audit_log')
    .select(['size', 'root'])
    .executeTakeFirstOrThrow();
  return { size, root, tiles: await database().selectFrom('audit_tiles').selectAll().execute() };
}

/** As a backup of the database would: the records since then are gone with it. */
async function putBack({ size, root, tiles }: LogCopy): Promise<void> {
  await database()
    .transaction()
    .execute(async (transaction) => {
      await sql`set local session_replication_role = replica`.execute(transaction);
      await transaction.deleteFrom('audit_checkpoints').where('size', '>', size).execute();
      await transaction.deleteFrom('audit_leaves').where('leaf_index', '>=', size).execute();
      await transaction.deleteFrom('audit_tiles').execute();
      await transaction.insertInto('audit_tiles').values(tiles).execute();
      await transaction.updateTable('audit_log').set({ size, root }).execute();
    });
}

describe('a witness from outside', () => {
  const say = (body: string) =>
    fetch(`${api.url}/audit/cosignatures`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', accept: 'application/problem+json' },
      body,
    });
  const seconds = () => Math.floor(Date.now() / 1_000);
  const reasonOf = async (answer: Response) => {
    const { code, reason } = (await answer.json()) as { code: string; reason?: string };
    return [answer.status, code, reason];
  };
  /** What it would cosign now. */
  async function textOfHead(): Promise<string> {
    await act();
    return (await api.app.get(ReadLog, { strict: false }).newest())!.signed.split('\n\n')[0] + '\n';
  }

  test('hands in a cosignature that everybody sees, and that receipts of integrators carry', async () => {
    const text = await textOfHead();
    const answer = await say(`${text}\n${cosign(text, outside, seconds())}`);
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    const { checkpoint, note } = await head();
    expect(cosignatureOf(note, outsideKey)).toBeDefined();
    await act(3);
    await anAgent();
    await round();
    const prove = api.app.get(ProveLeaves, { strict: false });
    const proven = await prove.headOver(checkpoint.size - 1);
    expect(proven).toMatchObject({ size: checkpoint.size });
    expect(proven?.witnesses).toContain(formatVerifierKey(outsideKey));
    // A practice's agents have seen more by now.
    const ofPractice = await prove.headOver(checkpoint.size - 1, 'p');
    expect(ofPractice?.size).toBeGreaterThan(checkpoint.size);
  });

  test('keeps the longest head that it cosigned', async () => {
    const earlier = await textOfHead();
    const later = await textOfHead();
    for (const text of [later, earlier])
      expect((await say(`${text}\n${cosign(text, outside, seconds())}`)).status).toBe(204);
    const kept = await database().selectFrom('outside_witnesses').select('size').execute();
    expect(kept).toEqual([{ size: later.split('\n')[1] }]);
  });

  test('is refused with a word why, and nothing is shown of it', async () => {
    const text = await textOfHead();
    const line = cosign(text, outside, seconds());
    const stranger = { ...outside, name: 'witness.example/other' };
    const [origin, size] = text.split('\n') as [string, string];
    const other = `${origin}\n${Number(size) + 5}\n${Buffer.alloc(32).toString('base64')}\n`;
    const flipped = line.replace(/.{4}\n$/, 'AAA=\n');
    const bad: [string, string][] = [
      [`${text}\n${cosign(text, stranger, seconds())}`, 'unknown-witness'],
      [`${other}\n${cosign(other, outside, seconds())}`, 'unknown-head'],
      [`${text}\n${cosign(text, outside, seconds() - 7_200)}`, 'time'],
      [`${text}\n${cosign(text, outside, seconds() + 3_600)}`, 'time'],
      [`${text}\n${line}${line}`, 'signature'],
      [`${text}\n${flipped}`, 'signature'],
    ];
    for (const [body, reason] of bad)
      expect(await reasonOf(await say(body))).toEqual([403, 'COSIGNATURE_REFUSED', reason]);
    for (const body of ['', 'x', text, `${text}\n${line}`.replace(origin, 'log.example')])
      expect((await reasonOf(await say(body)))[1]).toBe('REQUEST_INVALID');
    expect((await api.call('POST', '/audit/cosignatures', { body: {} })).status).toBe(415);
    const kept = await database().selectFrom('outside_witnesses').select('size').execute();
    expect(kept.map((row) => row.size)).not.toContain(size);
  });

  test('that holds another head of the same log is heard', async () => {
    const text = await textOfHead();
    const key = api.app.get(LogKey, { strict: false });
    const size = Number(text.split('\n')[1]);
    const forked = signCheckpoint(
      { origin: key.origin, size, root: Buffer.alloc(32, 7) },
      key.privateKey,
    );
    const line = cosign(`${forked.split('\n\n')[0]}\n`, outside, seconds());
    expect((await reasonOf(await say(forked + line)))[2]).toBe('unknown-head');
    expect(api.log.lines).toContainEqual({
      event: 'audit-log.forked',
      fields: { witness: outside.name, size },
    });
  });

  test('that holds a head of a size at which none is kept is heard where it is not this log’s', async () => {
    await act(2);
    const { origin, privateKey } = api.app.get(LogKey, { strict: false });
    const newest = Number((await textOfHead()).split('\n')[1]);
    const size = newest - 1;
    await database().deleteFrom('audit_checkpoints').where('size', '=', `${size}`).execute();
    const root = (await api.app.get(ReadLog, { strict: false }).rootAt(size)) as Buffer;
    const heard = () =>
      api.log.lines.filter(
        ({ event, fields }) =>
          event === 'audit-log.forked' && (fields as { size: number }).size === size,
      ).length;
    const handIn = async (of: Buffer, key = privateKey) => {
      const head = signCheckpoint({ origin, size, root: of }, key);
      const line = cosign(`${head.split('\n\n')[0]}\n`, outside, seconds());
      return [(await reasonOf(await say(head + line)))[2], heard()];
    };
    expect(await handIn(root)).toEqual(['unknown-head', 0]);
    // Nobody else's signature makes an alarm.
    const stranger = makeIdentityKey().privateKey;
    expect(await handIn(Buffer.alloc(32, 7), stranger)).toEqual(['unknown-head', 0]);
    expect(await handIn(Buffer.alloc(32, 7))).toEqual(['unknown-head', 1]);
  });
});
