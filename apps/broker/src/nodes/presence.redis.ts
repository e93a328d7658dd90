/**
 * Two hashes: agent → its join and node, node → the end of its lease and its address. A lease ends all
 * of a dead node's entries at once, and a node renews one, however many agents it has.
 */
import { Injectable } from '@nestjs/common';
import { Presence, type AgentJoin, type NodePlace } from '#apps/broker/src/nodes/presence.port.js';
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';

export const presenceLimits = {
  /** A node that has not said for so long that it is there counts as gone. */
  leaseMs: 15_000,
  /** Agents said in one step of Redis. */
  atOnce: 500,
};

/** After a day without any node: nothing that a set-up leaves behind stays for ever. */
const FORGET_MS = 86_400_000;

const KEYS = ['{conduit:presence}:agents', '{conduit:presence}:nodes'];

const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const announce = new RedisScript(`${NOW}
local agents, nodes, node = KEYS[1], KEYS[2], ARGV[1]
redis.call('HSET', nodes, node, string.format('%.0f %s', now + ARGV[3], ARGV[2]))
for i = 5, #ARGV, 2 do
  local held = redis.call('HGET', agents, ARGV[i])
  local mine = true
  if held then
    local sequence, other = string.match(held, '^(%d+) (.+)$')
    if other ~= node and tonumber(sequence) > tonumber(ARGV[i + 1]) then
      local lease = redis.call('HGET', nodes, other)
      mine = not lease or tonumber(string.match(lease, '^%d+')) < now
    end
  end
  if mine then redis.call('HSET', agents, ARGV[i], ARGV[i + 1] .. ' ' .. node) end
end
redis.call('PEXPIRE', agents, ARGV[4])
redis.call('PEXPIRE', nodes, ARGV[4])
return 0`);

const withdraw = new RedisScript(`
for i = 2, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  if held and string.match(held, ' (.+)$') == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
return 0`);

const find = new RedisScript(`${NOW}
local held = redis.call('HGET', KEYS[1], ARGV[1])
if not held then return false end
local node = string.match(held, ' (.+)$')
local lease = redis.call('HGET', KEYS[2], node)
if not lease then return false end
local untilMs, address = string.match(lease, '^(%d+) (.+)$')
if tonumber(untilMs) < now then
  redis.call('HDEL', KEYS[2], node)
  return false
end
return { node, address }`);

@Injectable()
export class RedisPresence extends Presence {
  constructor(private readonly store: TransientStore) {
    super();
  }

  override async announce(
    { nodeId, address }: NodePlace,
    joins: readonly AgentJoin[],
  ): Promise<void> {
    const lease = [nodeId, address, presenceLimits.leaseMs, FORGET_MS];
    // Also with nobody to announce: a node that waits for agents keeps its lease.
    for (let from = 0; from === 0 || from < joins.length; from += presenceLimits.atOnce) {
      const some = joins.slice(from, from + presenceLimits.atOnce);
      const words = some.flatMap(({ agentId, sequence }) => [agentId, sequence]);
      await this.store.run(announce, KEYS, [...lease, ...words]);
    }
  }

  override async withdraw(nodeId: string, agentIds: readonly string[]): Promise<void> {
    await this.store.run(withdraw, KEYS.slice(0, 1), [nodeId, ...agentIds]);
  }

  override async find(agentId: string): Promise<NodePlace | undefined> {
    const found = await this.store.run<[string, string] | null>(find, KEYS, [agentId]);
    return found ? { nodeId: found[0], address: found[1] } : undefined;
  }
}
