import { expect, test } from '@jest/globals';
import { BucketShelf, TokenBucket } from '#apps/broker/src/access/token-bucket.js';

test('allows a burst, then the sustained rate', () => {
  const bucket = new TokenBucket(3, 2, 0);
  expect([0, 0, 0, 0].map((now) => bucket.take(now).allowed)).toEqual([true, true, true, false]);
  expect(bucket.take(0).retryAfterMs).toBe(500);
  expect(bucket.take(499).allowed).toBe(false);
  expect(bucket.take(500).allowed).toBe(true);
});

test('a clock that is set back takes nothing away', () => {
  const bucket = new TokenBucket(2, 1, 10_000);
  bucket.take(10_000);
  expect(bucket.take(0)).toMatchObject({ allowed: true, remaining: 0 });
});

test('a shelf forgets full buckets first and never grows past its bound', () => {
  const shelf = new BucketShelf(2);
  shelf.take('empty', 1, 0.001, 0);
  shelf.take('full', 1, 1_000, 0);
  shelf.take('new', 1, 1, 1_000);
  expect(shelf.take('empty', 1, 0.001, 1_000).allowed).toBe(false);
});
