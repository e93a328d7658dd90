/**
 * Redis pub/sub. This node's own listeners are told at once and directly, so that a lost Redis
 * never delays a revocation here; the echo from Redis is recognised by the node's id and dropped.
 */
import { randomUUID } from 'node:crypto';
import {
  Broadcast,
  broadcastTopics,
  type BroadcastListener,
  type BroadcastTopic,
} from '#apps/broker/src/broadcast/broadcast.port.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { openRedis, type RedisConnection } from '#libs/redis/open-redis.js';

const PREFIX = 'conduit:broadcast:';

export class RedisBroadcast extends Broadcast {
  private readonly nodeId = randomUUID();
  private readonly local = new MemoryBroadcast();
  private readonly publisher: RedisConnection;
  private readonly subscriber: RedisConnection;

  constructor(url: string) {
    super();
    this.publisher = openRedis(url, 'asks');
    this.subscriber = openRedis(url, 'waits');
    this.subscriber.on('message', (channel: string, text: string) => this.hear(channel, text));
    this.subscriber
      .subscribe(...broadcastTopics.map((topic) => PREFIX + topic))
      .catch(() => undefined);
  }

  override async publish(topic: BroadcastTopic, id: string): Promise<void> {
    const others = this.publisher.publish(PREFIX + topic, `${this.nodeId} ${id}`);
    await Promise.all([this.local.publish(topic, id), others.catch(() => undefined)]);
  }

  override subscribe(topic: BroadcastTopic, listener: BroadcastListener): () => void {
    return this.local.subscribe(topic, listener);
  }

  override state(): 'ok' | 'degraded' {
    const ready = this.publisher.status === 'ready' && this.subscriber.status === 'ready';
    return ready ? 'ok' : 'degraded';
  }

  override async close(): Promise<void> {
    await this.local.close();
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private hear(channel: string, text: string): void {
    const [sender, id] = text.split(' ');
    const topic = broadcastTopics.find((candidate) => PREFIX + candidate === channel);
    if (!topic || !id || sender === this.nodeId) return;
    void this.local.publish(topic, id);
  }
}
