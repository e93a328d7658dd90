/**
 * The reference tree of Certificate Transparency, its proofs, and every way of spoiling them that the
 * tests of transparency-dev/merkle (Apache-2.0) know: data of others against code of ours.
 */
import { describe, expect, test } from '@jest/globals';
import { Frontier } from '#libs/audit/frontier.js';
import { EMPTY_ROOT, leafHash } from '#libs/audit/tree-hash.js';
import { rootOfInclusion, verifyConsistency, verifyInclusion } from '#libs/audit/verify-proofs.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const each = (...texts: string[]): Buffer[] => texts.map(hex);

const leaves = each(
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
);

const roots = each(
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
);

const from1to8 = each(
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
);

const inclusions = [
  { index: 0, size: 1, proof: [] },
  { index: 0, size: 8, proof: from1to8 },
  {
    index: 5,
    size: 8,
    proof: each(
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ),
  },
  {
    index: 2,
    size: 3,
    proof: each('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'),
  },
  {
    index: 1,
    size: 5,
    proof: each(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ),
  },
];

const consistencies = [
  { from: 1, to: 1, proof: [] },
  { from: 1, to: 8, proof: from1to8 },
  {
    from: 6,
    to: 8,
    proof: each(
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ),
  },
  {
    from: 2,
    to: 5,
    proof: each(
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ),
  },
  {
    from: 6,
    to: 7,
    proof: each(
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ),
  },
];

const someHash = hex('abacaba000000000000000000000000000000000000000000060061e00123456');
const nothing = Buffer.alloc(0);
const rootAt = (size: number): Buffer => roots[size - 1] as Buffer;

const withBitFlipped = (proof: Buffer[], at: number, bit: number): Buffer[] =>
  proof.map((hash, index) => {
    const copy = Buffer.from(hash);
    if (index === at) copy[0] = (copy[0] as number) ^ bit;
    return copy;
  });

test('the empty tree has the root of RFC 6962', () => {
  const root = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  expect(Frontier.empty().root().toString('hex')).toBe(root);
});

test('each root comes out as published', () => {
  const frontier = Frontier.empty();
  for (const [index, leaf] of leaves.entries()) {
    frontier.append(leafHash(leaf));
    expect(frontier.root()).toEqual(roots[index]);
    expect(Frontier.of(frontier.size, frontier.hashes).root()).toEqual(roots[index]);
  }
});

describe.each(inclusions)('the proof of leaf $index in $size', ({ index, size, proof }) => {
  const leaf = leafHash(leaves[index] as Buffer);
  const root = rootAt(size);

  test('verifies', () => {
    expect(rootOfInclusion(index, size, leaf, proof)).toEqual(root);
    expect(verifyInclusion({ index, size, root }, leaf, proof)).toBe(true);
  });

  const spoilt: [string, number, number, Buffer, Buffer, Buffer[]][] = [
    ['the place before', index - 1, size, root, leaf, proof],
    ['the place after', index + 1, size, root, leaf, proof],
    ['another place', index ^ 2, size, root, leaf, proof],
    ['a tree of twice the size', index, size * 2, root, leaf, proof],
    ['a tree of half the size', index, Math.floor(size / 2), root, leaf, proof],
    ['a leaf that is no hash', index, size, root, Buffer.from('WrongLeaf'), proof],
    ['the empty root', index, size, EMPTY_ROOT, leaf, proof],
    ['any root', index, size, someHash, leaf, proof],
    ['nothing added at the end', index, size, root, leaf, [...proof, nothing]],
    ['the root added at the end', index, size, root, leaf, [...proof, root]],
    ['nothing added in front', index, size, root, leaf, [nothing, ...proof]],
    ['the root added in front', index, size, root, leaf, [root, ...proof]],
    ...proof.map((_, at): [string, number, number, Buffer, Buffer, Buffer[]] => [
      `bit 3 of hash ${at} flipped`,
      index,
      size,
      root,
      leaf,
      withBitFlipped(proof, at, 8),
    ]),
    ...(proof.length > 0
      ? [['the last hash removed', index, size, root, leaf, proof.slice(0, -1)] as never]
      : []),
    ...(proof.length > 1
      ? [
          [
            'a hash put in',
            index,
            size,
            root,
            leaf,
            [proof[0], someHash, ...proof.slice(1)],
          ] as never,
        ]
      : []),
  ];

  test.each(spoilt)('does not verify with %s', (_, place, of, wanted, hash, hashes) => {
    expect(verifyInclusion({ index: place, size: of, root: wanted }, hash, hashes)).toBe(false);
  });
});

test.each([
  [0, 0],
  [0, 1],
  [1, 0],
  [2, 1],
])('leaf %i of %i is not proven by nothing', (index, size) => {
  expect(verifyInclusion({ index, size, root: nothing }, someHash, [])).toBe(false);
  expect(verifyInclusion({ index, size, root: EMPTY_ROOT }, nothing, [])).toBe(false);
  expect(verifyInclusion({ index, size, root: EMPTY_ROOT }, someHash, [])).toBe(false);
});

describe.each(consistencies)('the proof from $from to $to', ({ from, to, proof }) => {
  const [older, newer] = [rootAt(from), rootAt(to)];

  test('verifies', () => {
    expect(verifyConsistency({ size: from, root: older }, { size: to, root: newer }, proof)).toBe(
      true,
    );
  });

  if (proof.length === 0) return;
  const wrong = Buffer.from('WrongRoot');
  const spoilt: [string, number, number, Buffer, Buffer, Buffer[]][] = [
    ['one leaf less in the older', from - 1, to, older, newer, proof],
    ['one leaf more in the older', from + 1, to, older, newer, proof],
    ['another size of the older', from ^ 2, to, older, newer, proof],
    ['twice the size of the newer', from, to * 2, older, newer, proof],
    ['half the size of the newer', from, Math.floor(to / 2), older, newer, proof],
    ['another older root', from, to, wrong, newer, proof],
    ['another newer root', from, to, older, wrong, proof],
    ['the roots exchanged', from, to, newer, older, proof],
    ['no hashes', from, to, older, newer, []],
    ['nothing added at the end', from, to, older, newer, [...proof, nothing]],
    ['the older root added at the end', from, to, older, newer, [...proof, older]],
    ['the newer root added at the end', from, to, older, newer, [...proof, newer]],
    ['nothing added in front', from, to, older, newer, [nothing, ...proof]],
    ['the older root added in front', from, to, older, newer, [older, ...proof]],
    ['the newer root added in front', from, to, older, newer, [newer, ...proof]],
    ['the first hash twice', from, to, older, newer, [proof[0] as Buffer, ...proof]],
    ['the last hash removed', from, to, older, newer, proof.slice(0, -1)],
    ...proof.map((_, at): [string, number, number, Buffer, Buffer, Buffer[]] => [
      `bit 4 of hash ${at} flipped`,
      from,
      to,
      older,
      newer,
      withBitFlipped(proof, at, 16),
    ]),
  ];

  test.each(spoilt)('does not verify with %s', (_, size1, size2, root1, root2, hashes) => {
    const [a, b] = [
      { size: size1, root: root1 },
      { size: size2, root: root2 },
    ];
    // From no leaves at all everything follows, but without a hash.
    expect(verifyConsistency(a, b, hashes)).toBe(false);
  });
});

test.each([
  { from: 0, to: 0, same: false, proof: 0, good: false },
  { from: 1, to: 1, same: false, proof: 0, good: false },
  { from: 0, to: 0, same: true, proof: 0, good: true },
  { from: 0, to: 1, same: false, proof: 0, good: true },
  { from: 1, to: 1, same: true, proof: 0, good: true },
  { from: 1, to: 0, same: false, proof: 0, good: false },
  { from: 2, to: 1, same: false, proof: 0, good: false },
  { from: 1, to: 2, same: false, proof: 0, good: false },
  { from: 0, to: 0, same: true, proof: 1, good: false },
  { from: 0, to: 1, same: true, proof: 1, good: false },
  { from: 1, to: 1, same: true, proof: 1, good: false },
])(
  'from $from to $to with $proof hashes and the same root: $same, is right: $good',
  ({ from, to, same, proof, good }) => {
    const older = { size: from, root: Buffer.from('one root') };
    const newer = { size: to, root: same ? older.root : Buffer.from('another root') };
    const hashes = Array<Buffer>(proof).fill(EMPTY_ROOT);
    expect(verifyConsistency(older, newer, hashes)).toBe(good);
  },
);
