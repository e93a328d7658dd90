/** The only ways in which a query's record changes. Keys: the record, its sealed request. */
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';

/** ARGV: milliseconds to live, sealed request, then field, value, … Answers 0 when there is one. */
export const createScript = new RedisScript(`
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  redis.call('HSET', KEYS[1], unpack(ARGV, 3))
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[1])
  return 1
`);

/**
 * ARGV: 1 a mark of this change, so that it may be sent twice; 2 states it may leave, each between
 * spaces; 3 state it enters; 4 run that must be the record's, or empty; 5 now; 6 milliseconds to
 * live from now, or empty; 7 '1' when the request is not needed any more; 8 how many fields go; their
 * names; then field, value, … Answers moved, gone, or the state that stands in the way.
 */
export const moveScript = new RedisScript(`
  local state, run, mark = unpack(redis.call('HMGET', KEYS[1], 'state', 'runId', 'mark'))
  if not state then return 'gone' end
  if mark == ARGV[1] then return 'moved' end
  if not string.find(ARGV[2], ' ' .. state .. ' ', 1, true) then return state end
  if ARGV[4] ~= '' and run ~= ARGV[4] then return 'otherRun' end
  local gone = tonumber(ARGV[8])
  if gone > 0 then redis.call('HDEL', KEYS[1], unpack(ARGV, 9, 8 + gone)) end
  if state ~= ARGV[3] then
    redis.call('HSET', KEYS[1], 'ended:' .. state, ARGV[5])
    redis.call('HSETNX', KEYS[1], 'began:' .. ARGV[3], ARGV[5])
    redis.call('HDEL', KEYS[1], 'ended:' .. ARGV[3])
  end
  redis.call('HSET', KEYS[1], 'state', ARGV[3], 'updatedAtMs', ARGV[5], 'mark', ARGV[1], unpack(ARGV, 9 + gone))
  if ARGV[6] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
  if ARGV[7] == '1' then redis.call('DEL', KEYS[2]) end
  return 'moved'
`);

/**
 * A claimed query begins to run: what is known of it, and the move to `executing`, in one step. ARGV:
 * 1 run, which marks the change too; 2 now; 3 bytes up to which the sealed request comes along. Answers
 * gone; stands with the record, when it is not waiting or its time is over; or begun with the record
 * as it was found and its request.
 */
export const beginScript = new RedisScript(`
  local fields = redis.call('HGETALL', KEYS[1])
  if #fields == 0 then return {'gone'} end
  local state, deadline, mark = unpack(redis.call('HMGET', KEYS[1], 'state', 'deadlineMs', 'mark'))
  if mark ~= ARGV[1] then
    if state ~= 'initialising' and state ~= 'queued' then return {'stands', fields} end
    if tonumber(deadline) <= tonumber(ARGV[2]) then return {'stands', fields} end
    redis.call('HDEL', KEYS[1], 'reason', 'ended:executing')
    redis.call('HSETNX', KEYS[1], 'began:executing', ARGV[2])
    redis.call('HSET', KEYS[1], 'state', 'executing', 'runId', ARGV[1], 'mark', ARGV[1],
      'updatedAtMs', ARGV[2], 'ended:' .. state, ARGV[2])
  end
  if redis.call('STRLEN', KEYS[2]) > tonumber(ARGV[3]) then return {'begun', fields} end
  return {'begun', fields, redis.call('GET', KEYS[2])}
`);
