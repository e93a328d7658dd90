/**
 * A word to every broker node, this one included: "this key changed", "this agent was revoked".
 * At most once and without payload: whoever hears it reads the store again. What must not be missed
 * is also re-read at an interval by its listener.
 */
export const broadcastTopics = [
  'key.changed',
  'site.changed',
  'agent.changed',
  /** It came, left, or said something of itself that it had not said before. */
  'agent.signalled',
  /** How this agent stands in the fleet changed, or an act against it. */
  'fleet.changed',
  'alert.changed',
  /** A diagnosis waits for the node that holds the agent's link. */
  'diagnosis.wanted',
  /** An agent's records are to be held against the broker's by the node that holds its link. */
  'reconciliation.wanted',
  'grant.changed',
  /** A document waits for this agent. */
  'grant.proposed',
  /** A practice paused or resumed access. */
  'pause.changed',
  /** Something was frozen for an incident, or is not any more. */
  'freeze.changed',
  /** A part of an incident's evidence is to be gathered by the node that holds the agent's link. */
  'evidence.wanted',
  'registered.changed',
  'registered.wanted',
  /** A query joined the line of this site. */
  'line.joined',
  /** This query was cancelled. */
  'query.cancelled',
] as const;
export type BroadcastTopic = (typeof broadcastTopics)[number];

export type BroadcastListener = (id: string) => void | Promise<void>;

export abstract class Broadcast {
  /**
   * Resolves when this node's listeners have done what they do; other nodes hear of it meanwhile.
   * Call it after the commit: a listener reads the store.
   * @param id of the thing that changed; never anything else
   */
  abstract publish(topic: BroadcastTopic, id: string): Promise<void>;

  /** @returns stops listening */
  abstract subscribe(topic: BroadcastTopic, listener: BroadcastListener): () => void;

  /** ok: other nodes are reached; degraded: only this one; alone: there are no others. */
  abstract state(): 'ok' | 'degraded' | 'alone';

  abstract close(): Promise<void>;
}
