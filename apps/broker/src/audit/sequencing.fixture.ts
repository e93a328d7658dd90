/** What tests of the log write into it, and how they break in between its statements. */
import type { KyselyPlugin } from 'kysely';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';

export const testLogKey = new LogKey('conduit.internal/audit', Buffer.alloc(32, 5));

export const recordsOf = (count: number, name: string): AuditRecord[] =>
  Array.from({ length: count }, (_, at) => ({
    type: 'query.executed',
    ts: '2026-01-02T00:00:00.000Z',
    requestId: `${name}-${at}`,
  }));

/** Does something just before the given statement of those that go through it. */
export const before = (statement: number, act: () => void): KyselyPlugin => {
  let count = 0;
  return {
    transformQuery: ({ node }) => {
      count += 1;
      if (count === statement) act();
      return node;
    },
    transformResult: async ({ result }) => result,
  };
};
