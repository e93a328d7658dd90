/** How sealed pages lie in Redis: one hash of what is known of a result, one string a page. */
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';
import type { PageHeader } from '#libs/contracts/result-page.js';

/** No result is kept longer than this after its first page came. */
export const resultLifeMs = 24 * 3_600_000;

/** One hash tag, so that scripts may touch both. */
export function keysOf(ownerId: string, page: number): [about: string, page: string] {
  return [`conduit:result:{${ownerId}}`, `conduit:result:{${ownerId}}:${page}`];
}

/**
 * Keys: the hash, the page. ARGV: page, header, sealed page, end of its time, milliseconds after
 * which Redis forgets it, then fields and values about the result. Answers 0 for a page that is there.
 */
export const putPageScript = new RedisScript(`
  if redis.call('HSETNX', KEYS[1], 'page:' .. ARGV[1], ARGV[2]) == 0 then return 0 end
  redis.call('HSETNX', KEYS[1], 'until', ARGV[4])
  redis.call('HSETNX', KEYS[1], 'cap', ARGV[4])
  redis.call('HSET', KEYS[1], unpack(ARGV, 6))
  local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
  if tonumber(ARGV[1]) > last then redis.call('HSET', KEYS[1], 'last', ARGV[1]) end
  redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[5])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return 1
`);

/** Key: the hash. ARGV: headers of what comes, milliseconds after which Redis forgets a hash of nothing else. */
export const noteComingScript = new RedisScript(`
  redis.call('HSET', KEYS[1], 'coming', ARGV[1])
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
`);

/** Keys: the hash, the pages. ARGV: the pages' fields. Answers how many there were. */
export const purgeScript = new RedisScript(`
  local removed = 0
  for i, field in ipairs(ARGV) do
    removed = removed + redis.call('HDEL', KEYS[1], field)
    redis.call('UNLINK', KEYS[i + 1])
  end
  return removed
`);

/** Keys: the hash, the page. ARGV: the page's field. Answers its sealed bytes, or -1, and the query. */
export const removePageScript = new RedisScript(`
  local query = redis.call('HGET', KEYS[1], 'queryId')
  if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return {-1, query} end
  local bytes = redis.call('STRLEN', KEYS[2])
  redis.call('UNLINK', KEYS[2])
  return {bytes, query}
`);

/** Key: the hash. ARGV: the page's field, the field that says it was fetched. */
export const noteFetchedScript = new RedisScript(`
  if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then redis.call('HSET', KEYS[1], ARGV[2], '1') end
`);

/** Numbers of the pages that are kept and were fetched, in order. */
export function fetchedPages(known: Record<string, string>): number[] {
  return Object.keys(known)
    .filter((name) => name.startsWith('fetched:'))
    .map((name) => Number(name.slice('fetched:'.length)))
    .filter((page) => known[`page:${page}`] !== undefined)
    .sort((one, other) => one - other);
}

/** What was noted and has not come since, in order. */
export function comingOf(known: Record<string, string>): PageHeader[] {
  const last = Number(known['last'] ?? 0);
  const noted = JSON.parse(known['coming'] ?? '[]') as PageHeader[];
  return noted.filter(({ page }) => page > last);
}

/** Headers of the pages that may still be read, in order. */
export function headersOf(known: Record<string, string>, nowMs: number): PageHeader[] {
  if (Number(known['until'] ?? 0) <= nowMs) return [];
  return Object.entries(known)
    .filter(([name]) => name.startsWith('page:'))
    .map(([, text]) => JSON.parse(text) as PageHeader)
    .sort((one, other) => one.page - other.page);
}
