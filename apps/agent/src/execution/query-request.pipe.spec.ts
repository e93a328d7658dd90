import { beforeAll, describe, expect, test } from '@jest/globals';
import { anAsyncMeta } from '#apps/agent/src/execution/execution.fixture.js';
import { QueryRequestPipe } from '#apps/agent/src/execution/query-request.pipe.js';
import type { EncryptionKeys } from '#apps/agent/src/identity/encryption-keys.js';
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { makeEncryptionKey, rawPublicKey } from '#libs/pki/keys.js';
import { sealRequest, type RequestContext } from '#libs/sealing/seal-request.js';

const body = Buffer.from(
  JSON.stringify({ command: { text: 'SELECT 1' }, maxTimeInQueue: 7_200_000 }),
);
let meta: RunQueryMeta;
let pipe: QueryRequestPipe;

beforeAll(async () => {
  const { privateKey, publicKey } = makeEncryptionKey();
  const sealedTo = rawPublicKey(publicKey).toString('base64url');
  meta = anAsyncMeta({ sealedTo });
  pipe = new QueryRequestPipe({
    find: (key: string) => (key === sealedTo ? privateKey : undefined),
  } as EncryptionKeys);
});

const sealed = (): Buffer =>
  sealRequest(meta.sealedTo as string, meta as unknown as RequestContext, body);

function take(changes: object, bytes = sealed()): unknown {
  return pipe.transform(new LinkRequest('query.run', { ...meta, ...changes }, bytes));
}

function problemOf(changes: object, bytes?: Buffer): string | undefined {
  try {
    take(changes, bytes);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
}

describe('a query that waited on its way', () => {
  test('is opened with the key it was sealed to, and may have waited for two hours', () => {
    expect(take({})).toMatchObject({
      query: { command: { text: 'SELECT 1' }, maxTimeInQueue: 7_200_000 },
    });
  });

  test('says so when that key no longer exists, so that it can be sent again', () => {
    expect(problemOf({ sealedTo: 'A'.repeat(43) })).toBe('SEALED_TO_OLD_KEY');
  });

  test.each(['queryId', 'siteId', 'integratorId', 'keyId', 'resultKey', 'idempotencyKey'])(
    'does not open for another %s',
    (field) => {
      expect(problemOf({ [field]: 'B'.repeat(43) })).toBe('SEAL_BROKEN');
    },
  );

  test('does not open when it was changed, cut or never sealed', () => {
    const changed = sealed();
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    expect(problemOf({}, changed)).toBe('SEAL_BROKEN');
    expect(problemOf({}, sealed().subarray(1))).toBe('SEAL_BROKEN');
    expect(problemOf({}, body)).toBe('SEAL_BROKEN');
  });

  test.each([
    { sealedTo: undefined },
    { resultKey: undefined },
    { resultKey: 'short' },
    { idempotencyKey: undefined },
    { idempotencyKey: 'a b' },
    { idempotencyKey: 'x'.repeat(256) },
    { form: 'objects' },
    { resultSets: 'all' },
    { lane: 'registered' },
    { lane: 'immediate' },
  ])('is refused with %j', (changes) => {
    expect(problemOf(changes)).toBe('REQUEST_INVALID');
  });
});
