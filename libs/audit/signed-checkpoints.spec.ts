/**
 * Notes, checkpoints and cosignatures against what others have published: the examples of C2SP and of
 * golang.org/x/mod/sumdb/note, and a checkpoint of a public log that a public witness has cosigned.
 */
import { sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  checkpointText,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '#libs/audit/checkpoint.js';
import { cosign, cosignatureOf, type Cosigner } from '#libs/audit/cosignature.js';
import { formatLogProof, parseLogProof, verifyLogProof } from '#libs/audit/log-proof.js';
import {
  formatVerifierKey,
  isSignedBy,
  noteKeyId,
  parseNote,
  parseVerifierKey,
  signNote,
  type Note,
  type NoteKey,
} from '#libs/audit/signed-note.js';
import { nodeHash, textLeafHash } from '#libs/audit/tree-hash.js';
import { ed25519FromSeed } from '#libs/pki/keys.js';

const keyOf = (text: string): NoteKey => {
  const key = parseVerifierKey(text);
  if (!key) throw new Error('no verifier key');
  return key;
};

const cosignerOf = (
  name: string,
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
): Cosigner => ({ name, publicKey, sign: (message) => sign(null, message, privateKey) });

const noteOf = (text: string): Note => {
  const note = parseNote(text);
  if (!note) throw new Error('no note');
  return note;
};

/** golang.org/x/mod/sumdb/note */
const neumann = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  seed: Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1),
  text:
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n",
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};

/** c2sp.org/signed-note */
const example = {
  key: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  note:
    'This is an example message.\n\n' +
    '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
};

/** A log of static-ct-api with signatures of five keys; witness and log say which keys are theirs. */
const published = {
  log: 'arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f',
  witness: 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2',
  checkpoint: `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
`,
};

describe('signed notes', () => {
  test('are signed byte for byte as the reference implementation signs them', () => {
    const { privateKey } = ed25519FromSeed(neumann.seed);
    expect(signNote(neumann.text, 'PeterNeumann', privateKey)).toBe(
      `${neumann.text}\n${neumann.line}`,
    );
    expect(formatVerifierKey(keyOf(neumann.key))).toBe(neumann.key);
  });

  test.each([
    ['sumdb', neumann.key, `${neumann.text}\n${neumann.line}`],
    ['C2SP', example.key, example.note],
  ])('the example of %s verifies, and not after any change', (_, key, text) => {
    expect(isSignedBy(noteOf(text), keyOf(key))).toBe(true);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 32, 128]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ bit;
        const note = parseNote(changed.toString('latin1') === '' ? '' : changed.toString());
        expect(note !== undefined && isSignedBy(note, keyOf(key))).toBe(false);
      }
    }
  });

  test('a signature of another key is passed over, a bad one of the key itself is not', () => {
    const key = keyOf(neumann.key);
    const both = `${neumann.text}\n— stranger AAAAAAAA\n${neumann.line}`;
    expect(isSignedBy(noteOf(both), key)).toBe(true);
    const id = noteKeyId(key);
    const bad = Buffer.concat([id, Buffer.alloc(64)]).toString('base64');
    expect(isSignedBy(noteOf(`${both}— PeterNeumann ${bad}\n`), key)).toBe(false);
  });

  test.each([
    'example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/foo+530d903a',
    '+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    '',
  ])('%s is no verifier key', (text) => {
    expect(parseVerifierKey(text)).toBeUndefined();
  });

  test.each([
    ['no signature', 'text\n'],
    ['no end of line', 'text\n\n— a AAAAAAAA'],
    ['a control character', 'te\txt\n\n— a AAAAAAAA\n'],
    ['a line that is no signature', 'text\n\n— a AAAAAAAA\nmore\n'],
    ['another dash', 'text\n\n- a AAAAAAAA\n'],
    ['base64 that is none', 'text\n\n— a AAAA*AAA\n'],
    ['a key id alone', 'text\n\n— a AAAAAA==\n'],
  ])('a text with %s is no note', (_, text) => {
    expect(parseNote(text)).toBeUndefined();
  });
});

describe('checkpoints', () => {
  test('of a public log opens with its key and carries a cosignature of a public witness', () => {
    const opened = openCheckpoint(published.checkpoint, keyOf(published.log));
    expect(opened?.checkpoint).toMatchObject({
      origin: 'arche2025h1.staging.ct.transparency.dev',
      size: 1_432_088_532,
    });
    const seconds = cosignatureOf(noteOf(published.checkpoint), keyOf(published.witness));
    expect(new Date((seconds ?? 0) * 1000).toISOString()).toBe('2026-05-23T21:50:24.000Z');
  });

  test('the cosignature does not hold for another size, nor the signature', () => {
    const changed = published.checkpoint.replace('1432088532', '42');
    expect(openCheckpoint(changed, keyOf(published.log))).toBeUndefined();
    expect(cosignatureOf(noteOf(changed), keyOf(published.witness))).toBeUndefined();
  });

  test('a cosignature is made as it is verified, and says when', () => {
    const keys = ed25519FromSeed(Buffer.alloc(32, 7));
    const { publicKey } = keys;
    const witness: NoteKey = { name: 'witness.example/1', type: 'cosignature', publicKey };
    const line = cosign(noteOf(published.checkpoint).text, cosignerOf(witness.name, keys), 9);
    expect(cosignatureOf(noteOf(published.checkpoint + line), witness)).toBe(9);
    const other: NoteKey = { ...witness, name: 'witness.example/2' };
    expect(cosignatureOf(noteOf(published.checkpoint + line), other)).toBeUndefined();
  });

  test.each([
    ['a leading zero', 'a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'],
    ['a sign', 'a\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'],
    [
      'a size that no number holds',
      'a\n9007199254740993\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    ],
    ['a short root', 'a\n1\nCsUYapGGPo4dkMgI\n'],
    ['no root', 'a\n1\n'],
    ['no origin', '\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'],
    ['an empty line', 'a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nb\n'],
  ])('a text with %s is none', (_, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });

  test('lines after the third are let be', () => {
    const text = 'a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n';
    expect(parseCheckpoint(text)).toMatchObject({ origin: 'a', size: 1 });
  });
});

describe('proofs in a text', () => {
  const logKeys = ed25519FromSeed(Buffer.alloc(32, 1));
  const log: NoteKey = { name: 'log.example', type: 'ed25519', publicKey: logKeys.publicKey };
  const witnessKeys = ed25519FromSeed(Buffer.alloc(32, 2));
  const witness: NoteKey = {
    name: 'witness.example',
    type: 'cosignature',
    publicKey: witnessKeys.publicKey,
  };
  const [left, right] = [textLeafHash('left'), textLeafHash('right')];
  const head = { origin: log.name, size: 2, root: nodeHash(left, right) };
  const signed = signCheckpoint(head, logKeys.privateKey);
  const cosigned = signed + cosign(noteOf(signed).text, cosignerOf(witness.name, witnessKeys), 5);
  const proof = { index: 1, hashes: [left], signedCheckpoint: cosigned };

  test('are read as they were written', () => {
    expect(parseLogProof(formatLogProof(proof))).toEqual(proof);
    const more = { ...proof, extra: Buffer.from('agent') };
    expect(parseLogProof(formatLogProof(more))).toEqual(more);
    expect(formatLogProof(proof)).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 1\n/);
  });

  test('prove the leaf under the checkpoint, with as many witnesses as are asked for', () => {
    expect(verifyLogProof(proof, right, { log })).toEqual(head);
    expect(verifyLogProof(proof, right, { log, witnesses: [witness], quorum: 1 })).toEqual(head);
    const alone = { ...proof, signedCheckpoint: signed };
    expect(verifyLogProof(alone, right, { log, witnesses: [witness], quorum: 1 })).toBeUndefined();
    expect(
      verifyLogProof(proof, right, { log, witnesses: [witness, witness], quorum: 2 }),
    ).toBeUndefined();
  });

  test.each([
    ['another leaf', proof, left, log],
    ['another place', { ...proof, index: 0 }, right, log],
    ['another log', proof, right, { ...log, name: 'other.example' }],
    ['another key', proof, right, { ...log, publicKey: witnessKeys.publicKey }],
  ])('prove nothing for %s', (_, shown, leaf, key) => {
    expect(verifyLogProof(shown, leaf, { log: key })).toBeUndefined();
  });

  test('what the log’s key has signed about another log is no head of it', () => {
    const text = checkpointText({ ...head, origin: 'other.example' });
    expect(openCheckpoint(signNote(text, log.name, logKeys.privateKey), log)).toBeUndefined();
  });

  test('any byte changed in the text leaves nothing proven', () => {
    const bytes = Buffer.from(formatLogProof({ ...proof, signedCheckpoint: signed }));
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      const read = parseLogProof(changed.toString());
      expect(read && verifyLogProof(read, right, { log })).toBeUndefined();
    }
  });

  test.each([
    ['another header', 'c2sp.org/tlog-proof@v2\nindex 0\n\ncheckpoint\n'],
    ['extra that is no base64', 'c2sp.org/tlog-proof@v1\nextra !!\nindex 0\n\ncheckpoint\n'],
    ['no index', 'c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n'],
    ['an index that is no number', 'c2sp.org/tlog-proof@v1\nindex x\n\ncheckpoint\n'],
    ['an index below zero', 'c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n'],
    ['an index with a zero in front', 'c2sp.org/tlog-proof@v1\nindex 05\n\ncheckpoint\n'],
    ['a hash that is no base64', 'c2sp.org/tlog-proof@v1\nindex 0\n!!\n\ncheckpoint\n'],
    ['a short hash', 'c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\ncheckpoint\n'],
    ['nothing under it', 'c2sp.org/tlog-proof@v1\nindex 0'],
  ])('a text with %s is none', (_, text) => {
    expect(parseLogProof(text)).toBeUndefined();
  });
});
