/**
 * Where agents were last found, so that a query costs no look-up and Redis may be away. What turns out
 * to be wrong is looked up anew by whoever asked.
 */
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { Presence, type NodePlace } from '#apps/broker/src/nodes/presence.port.js';

@Injectable()
export class KnownPlaces implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly places = new Map<string, NodePlace>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly presence: Presence,
    private readonly broadcast: Broadcast,
  ) {}

  onApplicationBootstrap(): void {
    const forget = (agentId: string) => void this.places.delete(agentId);
    this.unsubscribe = this.broadcast.subscribe('agent.changed', forget);
  }

  beforeApplicationShutdown(): void {
    this.unsubscribe?.();
  }

  /** Never rejects: without Redis, what is known. */
  async find(agentId: string): Promise<NodePlace | undefined> {
    return this.places.get(agentId) ?? this.look(agentId);
  }

  /** Looks it up, whatever is known. Never rejects: without Redis nobody knows. */
  async look(agentId: string): Promise<NodePlace | undefined> {
    const place = await this.presence.find(agentId).catch(() => undefined);
    if (place) this.places.set(agentId, place);
    else this.places.delete(agentId);
    return place;
  }
}
