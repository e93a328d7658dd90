/** Which node holds an agent's link. */
export interface NodePlace {
  /** Of the node's process; its certificate carries it. */
  nodeId: string;
  /** `host:port` at which it listens for other nodes. */
  address: string;
}

export interface AgentJoin {
  agentId: string;
  /** The higher one is the later. */
  sequence: number;
}

/**
 * Node and address of agents, for as long as the node says so again and again. It tells where to ask and
 * nothing more: who answers there proves by its certificate which node it is.
 */
export abstract class Presence {
  /**
   * Says that these agents are at this node, for the length of a lease. An agent that joined another
   * live node later stays there.
   * @throws ConduitError when there is no Redis
   */
  abstract announce(place: NodePlace, joins: readonly AgentJoin[]): Promise<void>;

  /** Forgets agents that this node, and no other, had announced. @throws as `announce` */
  abstract withdraw(nodeId: string, agentIds: readonly string[]): Promise<void>;

  /** @returns undefined: no node has it, or the one that had stopped saying so. @throws as `announce` */
  abstract find(agentId: string): Promise<NodePlace | undefined>;
}
