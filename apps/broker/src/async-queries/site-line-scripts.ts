/**
 * The line in front of one site. Keys: those that wait, those that are claimed (by the end of their
 * lease), whose turn it is. A member is `integrator:time:query`, so that in byte order an integrator's
 * queries stand together, oldest first.
 */
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';

/** ARGV: integrator, member. Comes into line once, whatever has been claimed meanwhile. */
export const joinScript = new RedisScript(`
  if redis.call('ZSCORE', KEYS[2], ARGV[2]) then return 0 end
  local added = redis.call('ZADD', KEYS[1], 0, ARGV[2])
  if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 0 then
    local least
    for _, pass in ipairs(redis.call('HVALS', KEYS[3])) do
      if not least or tonumber(pass) < least then least = tonumber(pass) end
    end
    redis.call('HSET', KEYS[3], ARGV[1], tostring(least or 0))
  end
  return added
`);

/**
 * ARGV: 1 when the lease ends; 2 claims all integrators may have; 3 claims one may have; 4 JSON of
 * weights by integrator, 1 where absent and 0 for one that is passed over; 5 how many at once. Takes
 * the oldest query of the integrator that had least in proportion to its weight, and of several such
 * of the one that holds fewest, again and again. Who holds none is let in beyond what all may have:
 * others may hold theirs for minutes.
 */
export const claimScript = new RedisScript(`
  local claims = redis.call('ZRANGE', KEYS[2], 0, -1)
  local room, each, most = tonumber(ARGV[2]) - #claims, tonumber(ARGV[3]), tonumber(ARGV[5])
  local weights = cjson.decode(ARGV[4])
  local held, passes, queues, heads, taken = {}, {}, {}, {}, {}
  for _, member in ipairs(claims) do
    local who = string.match(member, '^[^:]+')
    held[who] = (held[who] or 0) + 1
  end
  local function may(who)
    local has = held[who] or 0
    return has < each and (room > 0 or has == 0)
  end
  local turns = redis.call('HGETALL', KEYS[3])
  for i = 1, #turns, 2 do
    local who = turns[i]
    if may(who) then
      local own = redis.call('ZRANGEBYLEX', KEYS[1], '[' .. who .. ':', '(' .. who .. ';', 'LIMIT', 0, most)
      if #own == 0 then
        if not held[who] then redis.call('HDEL', KEYS[3], who) end
      elseif weights[who] ~= 0 then
        passes[who], queues[who], heads[who] = tonumber(turns[i + 1]), own, 0
      end
    end
  end
  local function isBefore(one, other)
    if passes[one] ~= passes[other] then return passes[one] < passes[other] end
    local has, had = held[one] or 0, held[other] or 0
    if has ~= had then return has < had end
    return one < other
  end
  while #taken < most do
    local best
    for who in pairs(passes) do
      if may(who) and queues[who][heads[who] + 1] and (not best or isBefore(who, best)) then best = who end
    end
    if not best then break end
    heads[best] = heads[best] + 1
    held[best] = (held[best] or 0) + 1
    room = room - 1
    passes[best] = passes[best] + 1 / (weights[best] or 1)
    local member = queues[best][heads[best]]
    redis.call('ZREM', KEYS[1], member)
    redis.call('ZADD', KEYS[2], ARGV[1], member)
    redis.call('HSET', KEYS[3], best, tostring(passes[best]))
    taken[#taken + 1] = member
  end
  return taken
`);

/** ARGV: integrator, member. A claimed query goes back to its place in the line. */
export const returnScript = new RedisScript(`
  if redis.call('ZREM', KEYS[2], ARGV[2]) == 0 then return 0 end
  redis.call('ZADD', KEYS[1], 0, ARGV[2])
  redis.call('HSETNX', KEYS[3], ARGV[1], '0')
  return 1
`);

/**
 * ARGV: now, when a lease that begins now ends. Claims whose lease has ended go back; answers how many.
 * A lease that ends later was taken by a clock that was ahead: it is shortened and not ended, so that
 * a node that lives can renew it.
 */
export const returnLapsedScript = new RedisScript(`
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '+inf')) do
    redis.call('ZADD', KEYS[2], ARGV[2], member)
  end
  local lapsed = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
  for _, member in ipairs(lapsed) do
    redis.call('ZREM', KEYS[2], member)
    redis.call('ZADD', KEYS[1], 0, member)
    redis.call('HSETNX', KEYS[3], string.match(member, '^[^:]+'), '0')
  end
  return #lapsed
`);

/** ARGV: integrator, member. Its place among its integrator's own, from 1; 0: claimed; -1: not there. */
export const placeScript = new RedisScript(`
  if redis.call('ZSCORE', KEYS[2], ARGV[2]) then return 0 end
  if not redis.call('ZSCORE', KEYS[1], ARGV[2]) then return -1 end
  return redis.call('ZLEXCOUNT', KEYS[1], '[' .. ARGV[1] .. ':', '[' .. ARGV[2])
`);

/** ARGV: member. Out of the line, wherever it stands. */
export const leaveScript = new RedisScript(`
  return redis.call('ZREM', KEYS[2], ARGV[1]) + redis.call('ZREM', KEYS[1], ARGV[1])
`);
