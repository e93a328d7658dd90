import type { LinkOptions } from '#libs/link/link.js';

/**
 * One link carries what all callers of one node ask of all agents of another: more streams and more
 * half-received requests than an agent's. A node that is gone is found out sooner, for it is near.
 */
export const nodeLink = {
  maxInboundStreams: 16_384,
  maxAssemblyBytes: 512 * 1024 * 1024,
  maxStrikes: 65_536,
  pingAfterTicks: 3,
  deadAfterTicks: 10,
} as const satisfies Partial<LinkOptions>;
