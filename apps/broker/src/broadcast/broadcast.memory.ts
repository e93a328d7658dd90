import { EventEmitter } from 'node:events';
import { Broadcast, type BroadcastTopic } from '#apps/broker/src/broadcast/broadcast.port.js';

/** For a broker of one node. */
export class MemoryBroadcast extends Broadcast {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  override async publish(topic: BroadcastTopic, id: string): Promise<void> {
    this.emitter.emit(topic, id);
  }

  override subscribe(topic: BroadcastTopic, listener: (id: string) => void): () => void {
    this.emitter.on(topic, listener);
    return () => this.emitter.off(topic, listener);
  }

  override state(): 'alone' {
    return 'alone';
  }

  override async close(): Promise<void> {
    this.emitter.removeAllListeners();
  }
}
