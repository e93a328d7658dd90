import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import { MemoryEventLog } from '#apps/agent/src/logging/event-log.js';
import { CosignCheckpoint } from '#apps/agent/src/witness/cosign-checkpoint.js';
import { WitnessFile } from '#apps/agent/src/witness/witness-file.js';
import { signCheckpoint } from '#libs/audit/checkpoint.js';
import { cosignatureOf } from '#libs/audit/cosignature.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { formatVerifierKey, parseNote, type NoteKey } from '#libs/audit/signed-note.js';
import type { Tile } from '#libs/audit/tiles.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { consistencyProof } from '#libs/audit/tree-proofs.js';
import { formatWitnessRequest, parseWitnessRequest } from '#libs/audit/witness-request.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { ed25519FromSeed, rawPublicKey } from '#libs/pki/keys.js';

const clock = new FixedClock(Date.UTC(2026, 0, 2));
const agentKeys = ed25519FromSeed(Buffer.alloc(32, 9));
const own: OwnIdentity = {
  agentId: 'agent-1',
  practiceId: 'practice-1',
  siteIds: [],
  publicKey: rawPublicKey(agentKeys.publicKey),
  sign: (bytes) => sign(null, bytes, agentKeys.privateKey),
};

/** A log in memory, which may lie. */
class PretendLog {
  private readonly keys;
  private readonly tree = GrowingTree.empty();
  private readonly tiles = new Map<string, Tile>();
  private readonly heads = new Map<number, string>([[0, '']]);

  constructor(
    readonly seed = 1,
    readonly origin = 'conduit.internal/audit',
  ) {
    this.keys = ed25519FromSeed(Buffer.alloc(32, seed));
  }

  get key(): string {
    const { publicKey } = this.keys;
    return formatVerifierKey({ name: this.origin, type: 'ed25519', publicKey });
  }

  grow(...leaves: string[]): this {
    for (const tile of this.tree.append(leaves.map((leaf) => textLeafHash(leaf)))) {
      this.tiles.set(`${tile.level}/${tile.index}`, tile);
    }
    const head = { origin: this.origin, size: this.tree.size, root: this.tree.root() };
    this.heads.set(head.size, signCheckpoint(head, this.keys.privateKey));
    return this;
  }

  async show(oldSize: number, size = this.tree.size): Promise<string> {
    const read = readTiles(size, async () => [...this.tiles.values()]);
    const proof = await consistencyProof(oldSize, size, read);
    return formatWitnessRequest({ oldSize, proof, signedCheckpoint: this.heads.get(size) ?? '' });
  }
}

let folder: string;
let log: MemoryEventLog;
let witness: CosignCheckpoint;
let honest: PretendLog;

const open = async () => new CosignCheckpoint(await WitnessFile.open(folder, log), own, clock, log);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-witness-'));
  log = new MemoryEventLog();
  witness = await open();
  honest = new PretendLog().grow('a', 'b', 'c');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cosigned = {
  cosignature: expect.stringMatching(/^— conduit\.internal\/audit\/witness\/agent-1 /),
};

describe('a log that only grows', () => {
  test('is cosigned head by head, under the agent’s own key, and remembered across a restart', async () => {
    const shown = await honest.show(0);
    const { cosignature = '' } = await witness.execute(honest.key, shown);
    const key: NoteKey = {
      name: 'conduit.internal/audit/witness/agent-1',
      type: 'cosignature',
      publicKey: agentKeys.publicKey,
    };
    const note = parseNote((parseWitnessRequest(shown)?.signedCheckpoint ?? '') + cosignature);
    expect(note && cosignatureOf(note, key)).toBe(clock.now() / 1_000);
    honest.grow('d', 'e');
    witness = await open();
    expect(witness.standing).toEqual({ size: 3 });
    expect(await witness.execute(honest.key, await honest.show(3))).toEqual(cosigned);
    expect(await witness.execute(honest.key, await honest.show(5))).toEqual(cosigned);
    expect(witness.standing).toEqual({ size: 5 });
    expect(log.lines).toEqual([]);
  });

  test('is told where the proof has to start from', async () => {
    await witness.execute(honest.key, await honest.show(0));
    honest.grow('d');
    expect(await witness.execute(honest.key, await honest.show(0))).toEqual({ size: 3 });
    expect(await witness.execute(honest.key, await honest.show(2))).toEqual({ size: 3 });
    expect(await witness.execute(honest.key, await honest.show(3))).toEqual(cosigned);
  });

  test('may be overtaken on its way', async () => {
    honest.grow('d');
    await witness.execute(honest.key, await honest.show(0));
    for (let time = 0; time < 3; time++) {
      expect(await witness.execute(honest.key, await honest.show(3, 3))).toEqual({ size: 4 });
      expect(await witness.execute(honest.key, await honest.show(4))).toEqual(cosigned);
    }
  });

  test('is decided about one head at a time', async () => {
    const [three, four] = [await honest.show(0), await honest.grow('d').show(0)];
    const [first, second] = await Promise.all([
      witness.execute(honest.key, three),
      witness.execute(honest.key, four),
    ]);
    expect([first, second]).toEqual([cosigned, { size: 3 }]);
  });
});

describe('a log that contradicts itself', () => {
  beforeEach(() => honest.show(0).then((shown) => witness.execute(honest.key, shown)));

  const expectAlarm = async (alarm: string, liar: PretendLog, shown: string): Promise<void> => {
    expect(await witness.execute(liar.key, shown)).toEqual({ alarm });
    expect(witness.standing).toMatchObject({
      size: 3,
      alarm,
      alarmedAt: '2026-01-02T00:00:00.000Z',
    });
    expect(log.lines).toMatchObject([{ event: 'audit-log.contradicted', fields: { alarm } }]);
    const evidence = JSON.parse(readFileSync(join(folder, 'audit-witness.json'), 'utf8'));
    expect(evidence.alarm).toMatchObject({
      logKey: liar.key,
      signedCheckpoint: parseWitnessRequest(shown)?.signedCheckpoint,
    });
    // Also the true history is not cosigned any more, and also after a restart.
    witness = await open();
    expect(await witness.execute(honest.key, await honest.grow('d').show(3))).toEqual({ alarm });
    expect(log.lines).toHaveLength(1);
  };

  test('with another head of the same size raises the alarm of a fork', async () => {
    const liar = new PretendLog().grow('a', 'b', 'x');
    await expectAlarm('fork', liar, await liar.show(3));
  });

  test('with a longer head that does not continue what was seen raises the alarm of a fork', async () => {
    const liar = new PretendLog().grow('a', 'b', 'x').grow('d');
    await expectAlarm('fork', liar, await liar.show(3));
  });

  test('by coming back shorter raises the alarm of a roll-back, the second time', async () => {
    const liar = new PretendLog().grow('a', 'b');
    expect(await witness.execute(liar.key, await liar.show(2))).toEqual({ size: 3 });
    await expectAlarm('roll-back', liar, await liar.show(2));
  });

  test.each([
    ['key', new PretendLog(2)],
    ['name', new PretendLog(1, 'conduit.internal/other')],
  ])('by coming under another %s raises the alarm of another log', async (_, liar) => {
    await expectAlarm('other-log', liar, await liar.grow('a', 'b', 'c', 'd').show(3));
  });
});

test.each([
  ['nothing', ''],
  ['no old size', 'new 3\n\nx\n1\ny\n\n— x AAAAAAAA\n'],
  ['a proof of too many hashes', `old 0\n${`${'A'.repeat(43)}=\n`.repeat(64)}\nx`],
  ['a hash that is none', 'old 0\nAAAA\n\nx'],
])('what is no request, %s, is refused and changes nothing', async (_, body) => {
  await expect(witness.execute(honest.key, body)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  expect(witness.standing).toEqual({});
});

test('a head that the log it names has not signed is refused without an alarm', async () => {
  const shown = (await honest.show(0)).replace('\n3\n', '\n4\n');
  await expect(witness.execute(honest.key, shown)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  await expect(witness.execute(new PretendLog(2).key, await honest.show(0))).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  expect(witness.standing).toEqual({});
});

test.each(['{"size":', '', 'null', '{"size":3,"logKey":"x"}'])(
  'a damaged file, %j, is laid aside, so that the agent starts, and told of until it is moved away',
  async (damaged) => {
    const aside = join(folder, 'audit-witness.json.damaged');
    const told = { event: 'audit-witness.damaged', fields: {} };
    writeFileSync(join(folder, 'audit-witness.json'), damaged);
    witness = await open();
    expect(witness.standing).toEqual({ isDamaged: true });
    expect(readFileSync(aside, 'utf8')).toBe(damaged);
    expect(log.lines).toEqual([told]);
    expect(await witness.execute(honest.key, await honest.show(0))).toEqual(cosigned);
    witness = await open();
    expect(witness.standing).toEqual({ size: 3, isDamaged: true });
    expect(log.lines).toEqual([told, told]);
    rmSync(aside);
    witness = await open();
    expect(witness.standing).toEqual({ size: 3 });
    expect(log.lines).toHaveLength(2);
  },
);
