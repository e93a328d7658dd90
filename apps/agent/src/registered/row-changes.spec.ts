import { describe, expect, test } from '@jest/globals';
import { indexRows, readIndex, writeIndex } from '#apps/agent/src/registered/row-index.js';
import { changesOf } from '#apps/agent/src/registered/row-changes.js';
import { splitRows } from '#apps/agent/src/registered/split-rows.js';
import { mergeDeltas, type RowDelta } from '#libs/contracts/row-delta.js';

type Row = Record<string, unknown>;

const textOf = (rows: Row[]): Buffer => Buffer.from(JSON.stringify(rows));

async function deltaOf(before: Row[], after: Row[], keys?: string[]): Promise<RowDelta> {
  const [old, text] = [await indexRows(textOf(before), keys), textOf(after)];
  const kept = await readIndex(await writeIndex(old));
  const changes = await changesOf(kept, await indexRows(text, keys), text);
  const delta = JSON.parse(changes.text.toString()) as RowDelta;
  for (const op of ['added', 'changed', 'removed'] as const) {
    expect(delta.entries.filter((entry) => entry.op === op)).toHaveLength(changes[op]);
  }
  return delta;
}

const sorted = (rows: Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** As a client would do it: by the key columns, or by the whole row. */
function apply(rows: Row[], { entries }: RowDelta, keys?: string[]): Row[] {
  const result = [...rows];
  const isSame = (row: Row, other: Row): boolean =>
    keys
      ? keys.every((key) => JSON.stringify(row[key]) === JSON.stringify(other[key]))
      : JSON.stringify(row) === JSON.stringify(other);
  for (const { op, row } of entries) {
    const at = result.findIndex((candidate) => isSame(candidate, row as Row));
    if (op === 'removed') result.splice(at, 1);
    else if (op === 'changed') result[at] = row as Row;
    else result.push(row as Row);
  }
  return result;
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const words = ['a', 'b', '"}{"', '\\', ',\n', 'ü€😀', '', '__proto__', null, 1.5, true];

function drawRows(random: () => number, distinct: boolean): Row[] {
  const pick = (): unknown => words[Math.floor(random() * words.length)];
  const ids = new Set<number>();
  return Array.from({ length: Math.floor(random() * 12) }, () => {
    let id = Math.floor(random() * 15);
    while (distinct && ids.has(id)) id += 1;
    ids.add(id);
    return { ID: id, Kind: pick(), 'a "b" {': pick() };
  });
}

describe('rows are split', () => {
  test.each([[[]], [[{}]], [[{ a: '}{' }, { 'b"': ['[', { c: '\\"' }] }]]])(
    'from %j to its rows',
    (rows) => {
      expect([...splitRows(textOf(rows))].map((row) => JSON.parse(row.toString()) as Row)).toEqual(
        rows,
      );
    },
  );
});

describe.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('a delta (seed %i)', (seed) => {
  const random = seeded(seed * 7_919);

  test('applied to the old rows makes the new ones, whole rows compared', async () => {
    const [before, after] = [drawRows(random, false), drawRows(random, false)];
    const delta = await deltaOf(before, after);
    expect(sorted(apply(before, delta))).toEqual(sorted(after));
  });

  test('applied to the old rows makes the new ones, by key columns', async () => {
    const [before, after] = [drawRows(random, true), drawRows(random, true)];
    const delta = await deltaOf(before, after, ['id']);
    expect(sorted(apply(before, delta, ['ID']))).toEqual(sorted(after));
  });

  test.each([undefined, ['ID']])('of many runs in a row can be merged (keys: %p)', async (keys) => {
    const results = Array.from({ length: 5 }, () => drawRows(random, true));
    let merged: RowDelta | undefined;
    for (const [index, after] of results.entries()) {
      if (index === 0) continue;
      const delta = await deltaOf(results[index - 1] ?? [], after, keys);
      merged = merged ? mergeDeltas(merged, delta) : delta;
      expect(sorted(apply(results[0] ?? [], merged, keys))).toEqual(sorted(after));
    }
  });
});

test('thousands of rows are compared with pauses in between', async () => {
  const before = Array.from({ length: 5_000 }, (_, n) => ({ Id: n, Name: `Zz ${n}` }));
  const after = before.map((row) => (row.Id % 1_000 === 7 ? { ...row, Name: 'Zz new' } : row));
  const delta = await deltaOf(before, after, ['Id']);
  expect(delta.entries.map(({ row }) => (row as Row)['Id'])).toEqual([7, 1007, 2007, 3007, 4007]);
});

describe('key columns', () => {
  test('that the result lacks are refused, and an empty result has none to lack', async () => {
    await expect(indexRows(textOf([{ a: 1 }]), ['b'])).rejects.toMatchObject({
      code: 'KEY_COLUMN_MISSING',
    });
    expect((await indexRows(textOf([]), ['b'])).rows.size).toBe(0);
  });

  test('name a removed row by nothing but themselves', async () => {
    const delta = await deltaOf([{ Id: 7, Surname: 'ZzExample' }], [], ['Id']);
    expect(delta.entries).toEqual([{ k: '[7]', op: 'removed', row: { Id: 7 } }]);
  });

  test('that do not tell rows apart count them', async () => {
    const before = [{ a: 1, b: 1 }];
    const after = [...before, { a: 1, b: 2 }, { a: 1, b: 3 }];
    const delta = await deltaOf(before, after, ['a']);
    expect(delta.entries.map(({ k, op }) => [k, op])).toEqual([
      ['[1]#1', 'added'],
      ['[1]#2', 'added'],
    ]);
  });
});
