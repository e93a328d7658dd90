/** What is wrong with an export is found offline, and said in one plain line for each thing. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { formatAuditExport, type AuditExport, type ExportedLog } from '#libs/audit/audit-export.js';
import {
  aDestruction,
  aRecord,
  aWitness,
  anExportedLog,
  keysOf,
  madeAt,
  sealed,
} from '#libs/audit/exported-logs.fixture.js';
import { isSealedBy } from '#libs/audit/export-seal.js';
import { isExportProblem, parseAuditExport } from '#libs/audit/parse-audit-export.js';
import { formatVerifierKey, parseVerifierKey, type NoteKey } from '#libs/audit/signed-note.js';
import { verifyExports, type Verification, type VerifyPolicy } from '#libs/audit/verify-export.js';

const scope = { practice: 'practice-1' };
const witness = aWitness(7);
const others = [8, 9].map((seed) => aWitness(seed));
const records = [1, 2, 3, 4, 5].map((minute) => aRecord(minute));

const check = (content: AuditExport, policy: VerifyPolicy = {}) =>
  verifyExports([{ name: 'export', content }], policy);
const wrongOf = (content: AuditExport, policy: VerifyPolicy = {}): string[] =>
  check(content, policy)
    .findings.filter(({ level }) => level === 'wrong')
    .map(({ place, says }) => `${place}: ${says}`);
const noticesOf = (content: AuditExport): string[] =>
  check(content)
    .findings.filter(({ level }) => level === 'notice')
    .map(({ says }) => says);
const keyOf = (log: ExportedLog): NoteKey => parseVerifierKey(log.verifierKey) as NoteKey;

describe('an export of the broker’s log', () => {
  let log: ExportedLog;
  beforeAll(async () => {
    log = await anExportedLog({
      records,
      only: [0, 2, 3],
      earlier: [1, 4],
      witnesses: [witness, ...others].map(({ cosigner }) => cosigner),
    });
  });
  const witnesses = (threshold: number, of = [witness, ...others]) => ({
    threshold,
    keys: of.map(({ key }) => formatVerifierKey(key)),
  });
  const change = (more: Partial<ExportedLog>): AuditExport =>
    sealed([{ ...log, ...more }], { scope });
  const entry = (at: number) => log.entries[at] as ExportedLog['entries'][number];

  test('that is good is found good, under the keys that the reader trusts', () => {
    const content = sealed([log], { scope, witnesses: witnesses(2) });
    const keys = [keyOf(log), witness.key];
    const result = check(content, { keys, threshold: 1 });
    expect(result.logs).toMatchObject([{ size: 5, records: 3, proven: 3, cosigned: 1 }]);
    expect(result.findings.map(({ says }) => says)).toEqual([
      "Not checked: it takes both the broker's log and an agent's.",
    ]);
    expect(check(content).logs).toMatchObject([{ cosigned: 3 }]);
    expect(wrongOf(content)).toEqual([]);
    expect(noticesOf(content)).toContainEqual(
      expect.stringContaining('keys of the witnesses are taken from the export itself'),
    );
  });

  test('has to be cosigned by one at least of the witnesses that the reader trusts', () => {
    const nobody = sealed([log], { scope });
    const stranger = [keyOf(log), aWitness(11).key];
    for (const content of [nobody, sealed([log], { scope, witnesses: witnesses(0) })])
      expect(wrongOf(content, { keys: stranger })).toEqual([
        expect.stringContaining('Only 0 of 1 witnesses have cosigned this checkpoint; 1 are asked'),
      ]);
    expect(wrongOf(nobody, { keys: [keyOf(log), witness.key] })).toEqual([]);
    expect(wrongOf(nobody, { keys: stranger, threshold: 0 })).toEqual([]);
  });

  test('says what is taken on trust', () => {
    const { seal: _, ...unsealed } = sealed([log], { scope });
    expect(noticesOf(unsealed)).toEqual([
      expect.stringContaining('The key is taken from the export itself'),
      expect.stringContaining('Nobody has sealed this'),
      expect.stringContaining('No witness is asked for'),
      expect.stringContaining('Not checked'),
    ]);
  });

  test.each([
    ['a key of another', [{ ...witness.key, type: 'ed25519' as const }], 'none of those you trust'],
    [
      'another key of that name',
      [{ name: 'log.example/audit', type: 'ed25519' as const, publicKey: keysOf(2).publicKey }],
      'another key than the one you trust',
    ],
  ])('is not believed where the reader trusts %s', (_, keys, says) => {
    expect(wrongOf(change({}), { keys })).toContainEqual(expect.stringContaining(says));
  });

  test('takes as many witnesses as are asked for, and each key once', () => {
    const twice = { key: { ...witness.key, name: 'log.example/again' } };
    const content = sealed([log], {
      scope,
      witnesses: witnesses(3, [witness, twice as never, aWitness(10)]),
    });
    expect(wrongOf(content)).toEqual([
      'logs[0].checkpoint: Only 1 of 3 witnesses have cosigned this checkpoint; 3 are asked for.',
    ]);
    expect(wrongOf(content, { threshold: 1 })).toEqual([]);
  });

  test.each<[string, () => Partial<ExportedLog>, string]>([
    [
      'a changed record',
      () => ({ entries: [{ ...entry(0), record: entry(1).record }] }),
      'not proven to be leaf 0',
    ],
    [
      'a proof of another leaf',
      () => ({ entries: [{ ...entry(0), proof: entry(1).proof }] }),
      'not proven to be leaf 0',
    ],
    [
      'a proof cut short',
      () => ({ entries: [{ ...entry(0), proof: entry(0).proof.slice(1) }] }),
      'not proven',
    ],
    ['another place', () => ({ entries: [{ ...entry(0), index: 1 }] }), 'not proven to be leaf 1'],
    [
      'a place beyond the tree',
      () => ({ entries: [{ ...entry(0), index: 5 }] }),
      'beyond the checkpoint',
    ],
    [
      'entries out of order',
      () => ({ entries: [entry(1), entry(0)] }),
      'Leaf 0 comes after leaf 2',
    ],
    ['an entry twice', () => ({ entries: [entry(1), entry(1)] }), 'Leaf 2 is there twice'],
    [
      'entries left out of a complete range',
      () => ({ complete: { from: 0, to: 5 } }),
      'Leaf 1 is missing',
    ],
    ['a range of any size', () => ({ complete: { from: 4, to: 2 ** 52 } }), 'the log has 5'],
    [
      'earlier checkpoints out of order',
      () => ({ earlier: log.earlier?.toReversed() ?? [] }),
      'not in order',
    ],
    [
      'an earlier checkpoint that it does not continue',
      () => ({ earlier: log.earlier?.map((one) => ({ ...one, consistency: [] })) ?? [] }),
      'not proven to continue',
    ],
    [
      'a checkpoint of another log',
      () => ({ checkpoint: log.checkpoint.replaceAll('log.example', 'o.example') }),
      'checkpoint of another log',
    ],
    ['a checkpoint that is none', () => ({ checkpoint: 'nothing' }), 'no checkpoint'],
    [
      'a checkpoint of another size',
      () => ({ checkpoint: log.checkpoint.replace('\n5\n', '\n6\n') }),
      'signature of the log',
    ],
    ['a key that is none', () => ({ verifierKey: `${log.verifierKey}A` }), 'no verifier key'],
  ])('with %s is found out', (_, more, says) => {
    expect(wrongOf(change(more()))).toContainEqual(expect.stringContaining(says));
  });

  test('made of another log’s entries, or under another’s checkpoint, proves nothing', async () => {
    const foreign = await anExportedLog({
      records: [6, 7, 8, 9, 10].map((at) => aRecord(at)),
      seed: 2,
    });
    expect(wrongOf(change({ entries: foreign.entries }))).toHaveLength(5);
    expect(wrongOf(change({ checkpoint: foreign.checkpoint }))).toContainEqual(
      expect.stringContaining('signature of the log under this checkpoint'),
    );
  });

  test('whose log has signed two trees of one size is found out', async () => {
    const fork = await anExportedLog({ records: [6, 7, 8, 9, 10].map((at) => aRecord(at)) });
    expect(wrongOf(sealed([log, fork], { scope }))).toEqual([
      'logs[1]: The log has signed two different trees of 5 leaves.',
    ]);
  });

  test('holds nothing but what was asked for, in the form of a record', async () => {
    const strange = [
      aRecord(1, { practice: 'practice-2' }),
      aRecord(2, { ts: '2026-02-28T00:00:00.000Z' }),
      { ...aRecord(3), ts: 'yesterday' },
    ];
    const other = await anExportedLog({ records: strange });
    const content = sealed([other], { scope: { ...scope, from: '2026-03-01T00:00:00.000Z' } });
    expect(wrongOf(content)).toEqual([
      'logs[0].entries[0]: The record is not of the practice that was asked for.',
      'logs[0].entries[1]: The record is not of the time that was asked for.',
      'logs[0].entries[2]: This leaf of the log is not the canonical text of a record.',
    ]);
  });

  test('says where a clock went back or runs ahead, and which records it does not know', async () => {
    const odd = await anExportedLog({
      records: [aRecord(9), aRecord(2, { type: 'tea.served' as never }), aRecord(1000)],
    });
    expect(noticesOf(sealed([odd], { scope }))).toEqual(
      expect.arrayContaining([
        'This version does not know records of this type.',
        'The clock went back: this record is older than one before it.',
        'The record is later than the export says it was made.',
      ]),
    );
  });

  test('whose seal was made for another is found out, also by a key of nobody', () => {
    const { seal } = sealed([log], { scope: { practice: 'practice-2' } });
    const content = sealed([log], { scope });
    expect(wrongOf({ ...content, ...(seal !== undefined && { seal }) })).toEqual([
      expect.stringContaining('The seal does not fit'),
    ]);
    expect(wrongOf(sealed([log], { scope, seed: 3 }))).toEqual([
      expect.stringContaining('The seal does not fit'),
    ]);
  });

  test('with thousands of wrong entries says so a thousand times, and how many more', () => {
    const entries = Array.from({ length: 1_500 }, () => entry(0));
    const { findings } = check(change({ entries }));
    expect(findings).toHaveLength(1_001);
    expect(findings.at(-1)?.says).toMatch(/^\d+ more findings/);
  });
});

describe('an export of which records were destroyed', () => {
  const told = [...records.slice(0, 4), aDestruction(30, 'act-1', 2)];
  let log: ExportedLog;
  beforeAll(async () => {
    const destroyed = { id: 'act-1', leaves: [1, 2] };
    log = await anExportedLog({ records: told, only: [0, 3, 4], destroyed });
  });
  const [act] = [() => log.destroyed?.[0] as NonNullable<ExportedLog['destroyed']>[number]];
  const change = (more: Partial<ReturnType<typeof act>>, of: Partial<ExportedLog> = {}) =>
    wrongOf(sealed([{ ...log, ...of, destroyed: [{ ...act(), ...more }] }], { scope }));

  test('says what went, by which rule and when, and that its place is proven; nothing is missing', () => {
    const content = sealed([{ ...log, complete: { from: 0, to: 5 } }], { scope });
    expect(parseAuditExport(formatAuditExport(content))).toEqual(content);
    expect(wrongOf(content)).toEqual([]);
    expect(noticesOf(content)).toContain(
      '2 records from 2026-03-01 to 2026-03-01 destroyed under rule audit-record/1 on 2026-03-01: 2 of their places in the log are proven.',
    );
  });

  test('needs the log’s own record of it, where the export reaches so far', () => {
    const no = 'The log has no record that anything was destroyed there.';
    for (const more of [{ id: 'act-2' }, { rule: 'audit-record/2' }, { records: 3 }])
      expect(change(more)).toEqual([`logs[0].destroyed[0]: ${no}`]);
    const entries = log.entries.slice(0, 2);
    expect(change({}, { entries })).toEqual([`logs[0].destroyed[0]: ${no}`]);
    const earlier = { ...scope, to: '2026-03-01T00:30:30.000Z' };
    expect(wrongOf(sealed([{ ...log, entries }], { scope: earlier }))).toEqual([]);
    const gone = { to: '2026-03-01T00:31:00.000Z' };
    expect(change(gone, { entries })).toEqual([]);
  });

  test('proves each leaf, and none that is there', () => {
    const [leaf, other] = act().leaves as [{ index: number; hash: Buffer; proof: Buffer[] }, never];
    const spoilt = { ...leaf, hash: Buffer.alloc(32) };
    expect(change({ leaves: [spoilt, other] })).toEqual([
      expect.stringContaining('Leaf 1 is not proven'),
    ]);
    expect(change({ leaves: [{ ...leaf, index: 99 }, other] })).toEqual([
      expect.stringContaining('Leaf 99 is not proven'),
    ]);
    expect(change({ leaves: [leaf, leaf] })).toEqual([
      expect.stringContaining('here all the same'),
    ]);
    expect(change({ records: 1 })).toEqual([
      expect.stringContaining('2 leaves of 1 records'),
      expect.stringContaining('no record that anything was destroyed'),
    ]);
  });

  test('tells nothing of queries whose records went', async () => {
    const agent = await anExportedLog({ kind: 'agent', seed: 2, records: records.slice(0, 3) });
    const both = sealed([log, agent], { scope: {} });
    expect(check(both).reconciled).toMatchObject({ mismatched: 0 });
    const { destroyed: _, ...silent } = log;
    expect(check(sealed([silent, agent], { scope: {} })).reconciled).toMatchObject({
      mismatched: 2,
    });
  });
});

describe('registered queries of an agent’s log that the broker’s export does not have', () => {
  const lane = { lane: 'registered', queryId: 'standing' } as const;
  const runs = [3, 4, 5].map((minute) => aRecord(minute, lane));
  const taken = aRecord(2, { ...lane, type: 'registered.created' });
  const compare = async (from: string | undefined, own: AuditRecord[]) => {
    const begins = from === undefined ? {} : { from };
    const broker = sealed([await anExportedLog({ records: [aRecord(60)] })], { scope: begins });
    const log = await anExportedLog({ kind: 'agent', seed: 2, records: own });
    const agent = sealed([log], { seed: 2 });
    return verifyExports([
      { name: 'broker', content: broker },
      { name: 'agent', content: agent },
    ]);
  };
  const told = ({ findings }: Verification, level: string) =>
    findings.filter((one) => one.level === level).map(({ says }) => says);

  test('are wrong where it goes back further than a registered query can', async () => {
    for (const from of [undefined, '2026-02-27T23:00:00.000Z']) {
      const found = await compare(from, [taken, ...runs]);
      expect(found.reconciled).toMatchObject({ mismatched: 4, untold: 0 });
      expect(told(found, 'wrong')).toEqual(
        Array.from({ length: 4 }, () =>
          expect.stringContaining('the broker has no record that it passed it on'),
        ),
      );
    }
  });

  test('are said to be untold where it may begin after them', async () => {
    for (const own of [runs, [taken, ...runs]]) {
      const found = await compare('2026-02-28T23:00:00.000Z', own);
      expect(found.reconciled).toMatchObject({ mismatched: 0, untold: own.length });
      expect(told(found, 'notice')).toContainEqual(
        expect.stringContaining(`${own.length} records of registered queries cannot be told`),
      );
    }
  });
});

describe('one flipped bit', () => {
  const bitsOf = (content: AuditExport): Buffer => Buffer.from(formatAuditExport(content));

  /** Places of flips that nobody notices. @param bitsAt those to flip in the byte at a place */
  function unnoticed(
    text: Buffer,
    bitsAt: (at: number) => number[],
    isNoticed: (read: AuditExport) => boolean,
  ): number[] {
    const missed: number[] = [];
    for (let at = 0; at < text.length; at++) {
      for (const bit of bitsAt(at)) {
        const flipped = Buffer.from(text);
        flipped[at] = (flipped[at] as number) ^ bit;
        const read = parseAuditExport(flipped.toString());
        if (!isExportProblem(read) && !isNoticed(read)) missed.push(at);
      }
    }
    return missed;
  }
  const isFoundWrong = (read: AuditExport): boolean => wrongOf(read).length > 0;
  const oneBit = (at: number): number[] => [1 << (at % 8)];

  const small = () =>
    anExportedLog({
      records: [aRecord(1), aDestruction(2, 'act-1', 1)],
      ...{ only: [1], destroyed: { id: 'act-1', leaves: [0] } },
      witnesses: [witness.cosigner],
      earlier: [1],
    });
  const witnesses = { threshold: 1, keys: [formatVerifierKey(witness.key)] };

  test('anywhere in a sealed export is found', async () => {
    const log = await small();
    const text = bitsOf(sealed([log], { scope, witnesses }));
    // The cheap half of the checks finds each of them; all checks together are asked about one a byte.
    const allBits = () => [1, 2, 4, 8, 16, 32, 64, 128];
    expect(unnoticed(text, allBits, (read) => !isSealedBy(read, [keyOf(log)]))).toEqual([]);
    expect(unnoticed(text, oneBit, isFoundWrong)).toEqual([]);
  });

  test('without a seal is missed only in what no tree proves: the time, the scope and the threshold', async () => {
    const { destroyed: __, ...whole } = await small();
    const { seal: _, ...unsealed } = sealed([whole], {
      scope: { ...scope, from: madeAt.replace('12', '00') },
      witnesses,
    });
    const text = bitsOf(unsealed);
    const missed = unnoticed(text, oneBit, isFoundWrong);
    const [scopeAt, logsAt] = [text.indexOf('"scope"'), text.indexOf('"logs"')];
    const free = (at: number) =>
      at < logsAt || text.toString('utf8', at - 12, at) === '"threshold":';
    expect(missed.length).toBeGreaterThan(0);
    expect(scopeAt).toBeGreaterThan(0);
    expect(missed.filter((at) => !free(at))).toEqual([]);
  });
});
