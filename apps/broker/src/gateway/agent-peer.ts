import type { IncomingHttpHeaders } from 'node:http';
import { joinHeaders } from '#libs/contracts/link-messages.js';

/** Who is at the other end of a link, as proven at its handshake: `LinkContext.peer` of handlers. */
export interface AgentPeer {
  agentId: string;
  practiceId: string;
  /** Of the client certificate; lowercase hex. */
  serial: string;
  /** When that certificate ends, milliseconds since the epoch. */
  certificateEndsMs: number;
  join: JoinClaim;
}

/** Which join this is, by the agent's own count. */
export interface JoinClaim {
  sequence: number;
  /** Drawn for this join. A join that is tried again keeps it, across crashes too. */
  joinId: string;
  /** The process that joins. */
  instanceId: string;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_SEQUENCE = 2_147_483_647;

/** Undefined when the headers don't hold one. */
export function readJoinClaim(headers: IncomingHttpHeaders): JoinClaim | undefined {
  const sequence = headers[joinHeaders.sequence];
  const joinId = headers[joinHeaders.joinId];
  const instanceId = headers[joinHeaders.instanceId];
  if (typeof sequence !== 'string' || !/^[1-9]\d{0,9}$/.test(sequence)) return undefined;
  if (typeof joinId !== 'string' || !uuid.test(joinId)) return undefined;
  if (typeof instanceId !== 'string' || !uuid.test(instanceId)) return undefined;
  if (Number(sequence) > MAX_SEQUENCE) return undefined;
  return { sequence: Number(sequence), joinId, instanceId };
}
