/** The routes of registered queries, for the table of operations. */
import type { RoomRoute } from '#apps/broker/src/reference/operation.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

const QUERIES = '/integrator/sites/:siteId/queries/registered';
const QUERY = `${QUERIES}/:queryId`;
const permission: ErrorCode[] = [
  'GRANT_PENDING',
  'GRANT_MISSING',
  'GRANT_EXPIRED',
  'GRANT_REVOKED',
  'SITE_NOT_AUTHORITATIVE',
];
const results: ErrorCode[] = [
  ...permission,
  'QUERY_NOT_FOUND',
  'QUERY_GONE',
  'RESULT_NOT_READY',
  'RESULT_GONE',
  'RESULT_KEY_MISMATCH',
  'TOKEN_WITHOUT_SECRET',
  'CURSOR_INVALID',
  'CURSOR_EXPIRED',
  'SITE_OFFLINE',
  'SITE_UNREACHABLE',
  'BROKER_BUSY',
];

export const registeredRoutes: readonly RoomRoute[] = [
  {
    route: `POST ${QUERIES}`,
    summary: 'Have a read run again and again, and be told what changed',
    description:
      'The practice runs it by its own clock, at once and then every `frequency` seconds until ' +
      '`duration` is over, also while it cannot be reached. A site that is offline gets it when it ' +
      'comes back. With an Idempotency-Key the same request creates it once.',
    body: 'CreateRegisteredQuery',
    bodyExample: {
      name: 'Appointments of today',
      registeredQueryType: 'query',
      frequency: 300,
      duration: 43_200,
      registerCommand: { command: { text: 'SELECT INTERNALID, STATUS FROM dbo.Appointment' } },
      keyColumns: ['INTERNALID'],
    },
    takesBody: true,
    status: 202,
    answer: 'RegisteredQueryId',
    answerExample: { id: '0b6f2b1e-6f3c-4b7e-9d0a-3f1c2d4e5f60' },
    errors: [
      ...permission,
      'REGISTERED_LIMIT',
      'IDEMPOTENCY_KEY_INVALID',
      'IDEMPOTENCY_KEY_REUSED',
      'SITE_OFFLINE',
      'SEAL_BROKEN',
      'QUEUE_UNAVAILABLE',
      'TRANSIENT_STORE_FULL',
      'AUDIT_UNAVAILABLE',
    ],
  },
  {
    route: `GET ${QUERIES}`,
    summary: 'List your registered queries at a site',
    description: 'Newest first; those that ended stay for a day.',
    status: 200,
    answer: 'RegisteredQueries',
    errors: [],
  },
  {
    route: `GET ${QUERY}`,
    summary: 'See a registered query, when it runs next and why it failed',
    status: 200,
    answer: 'RegisteredQuery',
    errors: ['QUERY_NOT_FOUND'],
  },
  {
    route: `PATCH ${QUERY}`,
    summary: 'Renew a registered query',
    description: 'A new `duration` counts from now. What has ended cannot be renewed.',
    body: 'RenewRegisteredQuery',
    bodyExample: { duration: 86_400 },
    takesBody: true,
    status: 200,
    answer: 'RegisteredQuery',
    errors: [...permission, 'QUERY_NOT_FOUND', 'REGISTERED_ENDED', 'AUDIT_UNAVAILABLE'],
  },
  {
    route: `DELETE ${QUERY}`,
    summary: 'Cancel a registered query and remove its results',
    status: 204,
    errors: ['QUERY_NOT_FOUND', 'AUDIT_UNAVAILABLE'],
  },
  {
    route: `GET ${QUERY}/results`,
    summary: 'Get the latest result, or what changed since a cursor',
    description:
      'Without `since`: the whole result. With the cursor of an answer before: RegisteredChanges, ' +
      'the rows added, changed and removed since. Only the key that created the query opens them.',
    query: { since: 'A cursor, as an answer before named it.' },
    status: 200,
    answer: 'RegisteredResult',
    answerExample: {
      ...{ data: 'W3siYSI6MX1d', parameters: null, rows: 1, size: 9 },
      cursor: 'AAABnTLgGAG6mQ1Zb0kmBzZpQm1rY2Rl',
    },
    errors: results,
  },
  {
    route: `GET ${QUERY}/runs`,
    summary: 'See when it ran and what each run came to',
    description: 'The last 500 runs, newest first.',
    status: 200,
    answer: 'RegisteredRuns',
    errors: ['QUERY_NOT_FOUND'],
  },
];
