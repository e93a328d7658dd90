import {
  Broadcast,
  type BroadcastListener,
  type BroadcastTopic,
} from '#apps/broker/src/broadcast/broadcast.port.js';

/** For a broker of one node. */
export class MemoryBroadcast extends Broadcast {
  private readonly listeners = new Map<BroadcastTopic, Set<BroadcastListener>>();

  override async publish(topic: BroadcastTopic, id: string): Promise<void> {
    const told = [...(this.listeners.get(topic) ?? [])].map(async (listener) => listener(id));
    await Promise.allSettled(told);
  }

  override subscribe(topic: BroadcastTopic, listener: BroadcastListener): () => void {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  override state(): 'alone' {
    return 'alone';
  }

  override async close(): Promise<void> {
    this.listeners.clear();
  }
}
