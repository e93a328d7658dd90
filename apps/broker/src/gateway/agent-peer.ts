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
  /** The process that began this join. A join that is tried again keeps it, across crashes too. */
  instanceId: string;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MAX_SEQUENCE = 2_147_483_647;

/** Undefined when the headers don't hold one. */
export function readJoinClaim(headers: IncomingHttpHeaders): JoinClaim | undefined {
  const sequence = headers[joinHeaders.sequence];
  const instanceId = headers[joinHeaders.instanceId];
  if (typeof sequence !== 'string' || typeof instanceId !== 'string') return undefined;
  if (!/^[1-9]\d{0,9}$/.test(sequence) || !uuid.test(instanceId)) return undefined;
  return Number(sequence) > MAX_SEQUENCE ? undefined : { sequence: Number(sequence), instanceId };
}
