import { UsageBook, type Use } from '#apps/broker/src/usage/usage-book.port.js';

/** Keeps what it is told, for tests of those who tell it. */
export class KeptUsage extends UsageBook {
  readonly uses: Use[] = [];

  override note(use: Use): void {
    this.uses.push(use);
  }
}

export function aUse(changes: Partial<Use> = {}): Use {
  return {
    integratorId: 'integrator-1',
    siteId: 'site-1',
    kind: 'immediate',
    access: 'read',
    outcome: 'successful',
    requestBytes: 100,
    resultBytes: 5_000,
    durationMs: 12,
    sqlMs: 7,
    ...changes,
  };
}
