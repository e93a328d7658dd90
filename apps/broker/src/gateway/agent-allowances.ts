/**
 * How much an enrolled agent may ask of the broker: each kind of message at its own rate, few at
 * once. An honest agent stays far below; one that does not costs neither the store nor the others
 * anything. Counted in this node's memory.
 */
import { Injectable } from '@nestjs/common';
import { BucketShelf } from '#apps/broker/src/access/token-bucket.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

interface Allowance {
  atOnce: number;
  perHour: number;
}

/** Requests of one agent that may be running. */
export const AGENT_REQUESTS_AT_ONCE = 8;

const RETRY_MS = 1_000;
const SECONDS_AN_HOUR = 3_600;

/** What writes to the store and the audit log for good has the smallest. */
export const agentAllowances: Record<string, Allowance> = {
  [brokerPatterns.reportAgent]: { atOnce: 30, perHour: 600 },
  [brokerPatterns.renewCertificate]: { atOnce: 10, perHour: 6 },
  [brokerPatterns.rotateEncryptionKey]: { atOnce: 10, perHour: 1 },
  [brokerPatterns.createPairingCode]: { atOnce: 20, perHour: 20 },
  [brokerPatterns.listAccessRequests]: { atOnce: 60, perHour: 1_800 },
  [brokerPatterns.declineAccessRequest]: { atOnce: 60, perHour: 300 },
  [brokerPatterns.publishGrant]: { atOnce: 200, perHour: 120 },
  [brokerPatterns.publishRevocation]: { atOnce: 500, perHour: 3_600 },
  [brokerPatterns.listGrants]: { atOnce: 60, perHour: 600 },
  [brokerPatterns.listOfferedPasskeys]: { atOnce: 30, perHour: 300 },
  [brokerPatterns.reportRules]: { atOnce: 60, perHour: 600 },
  [brokerPatterns.reportRegistered]: { atOnce: 100, perHour: 7_200 },
  [brokerPatterns.syncRegistered]: { atOnce: 60, perHour: 600 },
  [brokerPatterns.publishLogHead]: { atOnce: 20, perHour: 120 },
  // One for each step of 20,000 records that a practice compares.
  [brokerPatterns.readOwnRecords]: { atOnce: 60, perHour: 600 },
  [brokerPatterns.readStanding]: { atOnce: 60, perHour: 600 },
  [brokerPatterns.readUpdateWindow]: { atOnce: 30, perHour: 300 },
};

const unknownPattern: Allowance = { atOnce: 10, perHour: 60 };

@Injectable()
export class AgentAllowances {
  private readonly buckets = new BucketShelf();
  private readonly running = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /**
   * @returns to be called when the request has ended
   * @throws ConduitError RATE_LIMITED
   */
  enter({ agentId }: Pick<AgentPeer, 'agentId'>, pattern: string): () => void {
    const isKnown = Object.hasOwn(agentAllowances, pattern);
    const { atOnce, perHour } = (isKnown && agentAllowances[pattern]) || unknownPattern;
    const key = `${agentId} ${isKnown ? pattern : ''}`;
    const state = this.buckets.take(key, atOnce, perHour / SECONDS_AN_HOUR, this.clock.now());
    if (!state.allowed) throw limited(Math.ceil(state.retryAfterMs));
    const running = this.running.get(agentId) ?? 0;
    if (running >= AGENT_REQUESTS_AT_ONCE) throw limited(RETRY_MS);
    this.running.set(agentId, running + 1);
    return () => this.leave(agentId);
  }

  private leave(agentId: string): void {
    const running = (this.running.get(agentId) ?? 1) - 1;
    if (running > 0) this.running.set(agentId, running);
    else this.running.delete(agentId);
  }
}

function limited(retryAfterMs: number): ConduitError {
  return new ConduitError('RATE_LIMITED', { facts: { retryAfterMs } });
}
