import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { AgentLog, checkpointFile } from '#apps/agent/src/journal/agent-log.js';
import { verifierOf } from '#apps/agent/src/journal/log-signer.js';
import { readNumbered } from '#apps/agent/src/journal/numbered-lines.js';
import { auditLine, exactCounts } from '#libs/audit/audit-line.js';
import { openCheckpoint } from '#libs/audit/checkpoint.js';
import { consistencyProof, inclusionProof } from '#libs/audit/tree-proofs.js';
import { verifyConsistency, verifyInclusion, type TreeHead } from '#libs/audit/verify-proofs.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { makeIdentityKey } from '#libs/pki/keys.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'agent-log-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const signer = { origin: 'conduit.test/agent/a-1/audit', ...makeIdentityKey() };
const open = (): Promise<AgentLog> => AgentLog.open(folder, signer, { maxSegmentBytes: 600 });

let count = 0;
const aLine = (): string =>
  auditLine({ type: 'query.executed', requestId: `r-${count++}` }, '2026-03-04T00:00:00.000Z');
const someLines = (n: number): string[] => Array.from({ length: n }, aLine);

/** What everybody can see on disk. */
function headOnDisk(): TreeHead {
  const opened = openCheckpoint(readFileSync(checkpointFile(folder), 'utf8'), verifierOf(signer));
  if (!opened) throw new Error('not signed by this log');
  return opened.checkpoint;
}

async function numbersOnDisk(): Promise<number[]> {
  const numbers = [];
  for await (const lines of readNumbered(folder)) numbers.push(...lines.map(({ n }) => n));
  return numbers;
}

/** Every leaf has its number once, and the head on disk has all of them and continues the older one. */
async function expectWhole(log: AgentLog, leaves: number, older?: TreeHead): Promise<void> {
  const head = headOnDisk();
  expect(log.isSound).toBe(true);
  expect(head.size).toBe(leaves);
  const numbers: number[] = [];
  const tree = GrowingTree.empty();
  let last: Buffer = Buffer.alloc(0);
  for await (const lines of readNumbered(folder)) {
    numbers.push(...lines.map(({ n }) => n));
    tree.append(lines.map(({ record }) => (last = textLeafHash(record))));
  }
  expect(numbers).toEqual([...Array(leaves).keys()]);
  expect(tree.root()).toEqual(head.root);
  const nodes = log.nodesOf(head.size);
  if (older) {
    const proof = await consistencyProof(older.size, head.size, nodes);
    expect(verifyConsistency(older, head, proof)).toBe(true);
  }
  const proof = await inclusionProof(leaves - 1, leaves, nodes);
  expect(verifyInclusion({ index: leaves - 1, ...head }, last, proof)).toBe(true);
}

describe("the agent's own log", () => {
  test('numbers its leaves over segments and restarts, and signs heads that continue one another', async () => {
    const first = await open();
    for (const n of [5, 5, 5, 290]) await first.append(someLines(n));
    await first.close();
    const older = headOnDisk();
    expect(readdirSync(folder).length).toBeGreaterThan(4);
    const second = await open();
    await second.append(someLines(7));
    await second.settle();
    await expectWhole(second, 312, older);
    await second.close();
  });

  test('keeps exact counts beside the record, which has only a salted hash of them', () => {
    const of = () => auditLine({ type: 'query.executed' }, '2026-03-04T00:00:00Z', { rows: 1 });
    const read = (text: string) => JSON.parse(text) as { record: string; counts: string };
    const [one, other] = [read(of()), read(of())];
    expect(one.record).not.toContain('rows');
    expect(one.record).not.toBe(other.record);
    expect(exactCounts(one)).toEqual({ rows: 1 });
    expect(exactCounts({ ...one, counts: one.counts.replace('1', '2') })).toBeUndefined();
  });

  test('gives numbers to the lines of a version that had none, and leaves their age as it was', async () => {
    const old = (n: number) => join(folder, `0000000${n}.ndjson`);
    for (const n of [3, 4]) writeFileSync(old(n), someLines(2).join(''));
    utimesSync(old(3), 1_000_000, 1_000_000);
    // Cut off after the first of the two.
    const half = await open();
    await half.close();
    const log = await open();
    await log.append(someLines(1));
    await log.settle();
    await expectWhole(log, 5);
    expect(statSync(old(3)).mtimeMs).toBe(1_000_000_000);
    await log.close();
  });

  test('goes on with the numbering of old lines where a crash cut it off', async () => {
    const old = (n: number) => join(folder, `0000000${n}.ndjson`);
    const lines = someLines(4);
    writeFileSync(
      old(1),
      lines
        .slice(0, 2)
        .map((line, n) => line.replace('{', `{"n":${n},`))
        .join(''),
    );
    writeFileSync(old(2), lines.slice(2).join(''));
    const log = await open();
    await expectWhole(log, 4);
    await log.close();
  });

  test('can prove what was in segments that retention has taken', async () => {
    const log = await open();
    for (let n = 0; n < 12; n += 1) await log.append(someLines(1));
    await log.settle();
    const older = headOnDisk();
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.ndjson')))
      utimesSync(join(folder, name), 1, 1);
    expect(await log.prune(Date.now() - 86_400_000)).toBeGreaterThan(1);
    await log.append(someLines(3));
    await log.close();
    const young = [];
    for await (const lines of readNumbered(folder, Date.now() - 60_000)) young.push(...lines);
    expect(young.map(({ n }) => n)).toEqual(expect.arrayContaining([12, 13, 14]));
    expect(young.length).toBeLessThan(6);
    const again = await open();
    const head = headOnDisk();
    expect(head.size).toBe(15);
    expect((await numbersOnDisk())[0]).toBeGreaterThan(0);
    const proof = await consistencyProof(older.size, 15, again.nodesOf(15));
    expect(verifyConsistency(older, head, proof)).toBe(true);
    await again.close();
  });
});

describe('a crash', () => {
  /** Folder as it was when the process died: nothing that came later is in it. */
  async function diedWith(prepare: (log: AgentLog) => Promise<void>): Promise<TreeHead> {
    const log = await open();
    await log.append(someLines(260));
    await log.settle();
    const older = headOnDisk();
    await prepare(log);
    const copy = `${folder}.copy`;
    cpSync(folder, copy, { recursive: true });
    await log.close();
    rmSync(folder, { recursive: true });
    cpSync(copy, folder, { recursive: true });
    rmSync(copy, { recursive: true });
    return older;
  }

  const tile = () => join(folder, 'tile', '0', '001');

  test.each<[string, number, (log: AgentLog) => Promise<void>, () => void]>([
    ['before anything', 260, async () => {}, () => {}],
    ['after the lines', 265, (log) => log.append(someLines(5)), () => {}],
    [
      'within a line',
      265,
      (log) => log.append(someLines(5)),
      () => appendFileSync(join(folder, segments().at(-1)!), '{"n":265,"leaf":"ha'),
    ],
    [
      'within a tile',
      265,
      (log) => log.append(someLines(5)),
      () => appendFileSync(tile(), Buffer.alloc(50, 7)),
    ],
    [
      'after the tiles, before the head',
      270,
      async (log) => {
        const head = readFileSync(checkpointFile(folder));
        await log.append(someLines(10));
        await log.settle();
        writeFileSync(checkpointFile(folder), head);
      },
      () => {},
    ],
    [
      'with a draft of the head left over',
      260,
      async () => {},
      () => writeFileSync(`${checkpointFile(folder)}.x.new`, 'half'),
    ],
  ])(
    '%s loses no leaf, doubles none and contradicts no head',
    async (_, leaves, prepare, spoil) => {
      const older = await diedWith(prepare);
      spoil();
      const log = await open();
      await expectWhole(log, leaves, older);
      await log.append(someLines(2));
      await log.settle();
      await expectWhole(log, leaves + 2, older);
      await log.close();
    },
  );

  const segments = (): string[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ndjson'))
      .sort();

  test('that damaged tiles is mended from the lines, while all of them are there', async () => {
    const older = await diedWith(async () => {});
    truncateSync(tile(), 32);
    const log = await open();
    await expectWhole(log, 260, older);
    await log.close();
  });

  test('that took lines which were signed leaves the log unsigned from then on, and records go on', async () => {
    await diedWith(async () => {});
    truncateSync(tile(), 32);
    rmSync(join(folder, '00000001.ndjson'));
    const before = readFileSync(checkpointFile(folder), 'utf8');
    const log = await open();
    expect(log.isSound).toBe(false);
    await log.append(someLines(1));
    expect(await log.settle()).toBe(false);
    expect((await numbersOnDisk()).at(-1)).toBe(260);
    expect(readFileSync(checkpointFile(folder), 'utf8')).toBe(before);
    await log.close();
  });

  test('that took lines nobody had signed yet is not signed over', async () => {
    await diedWith(async (log) => {
      for (let n = 0; n < 9; n += 1) await log.append(someLines(2));
    });
    rmSync(join(folder, segments().at(-2)!));
    const log = await open();
    expect(log.isSound).toBe(false);
    expect(headOnDisk().size).toBe(260);
    await log.close();
  });
});
