/** The routes of queries that may wait, for the table of operations. */
import type { RoomRoute } from '#apps/broker/src/reference/operation.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

const QUERIES = '/integrator/sites/:siteId/queries';
const QUERY = `${QUERIES}/:queryId`;
const PAGE = `${QUERY}/results/:pageNumber`;

const findErrors: ErrorCode[] = ['QUERY_NOT_FOUND', 'QUERY_GONE', 'QUEUE_UNAVAILABLE'];
const pageErrors: ErrorCode[] = [
  ...findErrors,
  'REQUEST_INVALID',
  'RESULT_NOT_READY',
  'RESULT_GONE',
  'RESULT_PAGE_NOT_FOUND',
  'RESULT_KEY_MISMATCH',
  'TOKEN_WITHOUT_SECRET',
  'BROKER_BUSY',
];

const rowHeaders =
  'The headers Size, Rows-Count, Rows-Range-Start and Rows-Range-End say what the page holds. It is ' +
  'kept for 15 minutes after the last fetch, and for 24 hours at most.';

export const asyncQueryRoutes: readonly RoomRoute[] = [
  {
    route: `POST ${QUERIES}/async`,
    summary: 'Submit a statement that may wait',
    description:
      'Waits for the site, also when that is offline, until maxTimeInQueue has gone by; carried to its ' +
      `agent as ${agentPatterns.runQuery} and run for at most 5 minutes. The answer names the ` +
      'Idempotency-Key, your own or a new one: the same key with the same body names the same query.',
    query: { columns: 'true: describe the columns.', resultSets: 'first (default) or all.' },
    body: 'AsyncQueryBody',
    bodyExample: {
      command: { text: 'SELECT InternalId, Surname FROM Patients' },
      maxTimeInQueue: 600_000,
    },
    takesBody: true,
    status: 201,
    answer: 'AsyncQuery',
    errors: [
      'GRANT_PENDING',
      'GRANT_MISSING',
      'GRANT_EXPIRED',
      'GRANT_REVOKED',
      'SITE_NOT_AUTHORITATIVE',
      'SITE_OFFLINE',
      'IDEMPOTENCY_KEY_INVALID',
      'IDEMPOTENCY_KEY_REUSED',
      'QUEUE_UNAVAILABLE',
      'QUERIES_WAITING_LIMIT',
      'TRANSIENT_STORE_FULL',
      'AUDIT_UNAVAILABLE',
    ],
  },
  {
    route: `GET ${QUERY}`,
    summary: 'See what became of a query',
    description:
      'For 24 hours after its end. An immediate query is known to the node that ran it. The words of ' +
      'the database and output parameters are shown to the key that submitted the query.',
    status: 200,
    answer: 'AnyQueryStatus',
    errors: findErrors,
  },
  {
    route: `POST ${QUERIES}/status`,
    summary: 'See what became of up to 1,000 queries',
    body: 'StatusBatch',
    bodyExample: { queryIds: ['0b6f2b1e-6f3c-4b7e-9d0a-3f1c2d4e5f60'] },
    takesBody: true,
    status: 200,
    answer: 'StatusBatchAnswer',
    errors: ['QUEUE_UNAVAILABLE'],
  },
  {
    route: `DELETE ${QUERY}`,
    summary: 'Cancel a query',
    description:
      'Waiting, running or on its way up; it is stopped at the database too. One that has ended stays ' +
      'as it is. Answers what became of it.',
    status: 200,
    answer: 'AsyncQuery',
    errors: findErrors,
  },
  {
    route: `GET ${PAGE}`,
    summary: 'Fetch a page of a result',
    description: `Pages of about 1 MB, cut between rows. ${rowHeaders}`,
    status: 200,
    answer: 'ResultPage',
    errors: pageErrors,
  },
  {
    route: `GET ${PAGE}/stream`,
    summary: 'Stream a page of a result as its JSON text',
    description: rowHeaders,
    status: 200,
    answer: 'JsonRows',
    errors: pageErrors,
  },
  {
    route: `DELETE ${QUERY}/results`,
    summary: 'Delete the pages of a result that are held',
    description: 'While the rest is still coming up, this makes room for it.',
    status: 204,
    errors: findErrors,
  },
  {
    route: `DELETE ${PAGE}`,
    summary: 'Delete one page of a result',
    status: 204,
    errors: [...findErrors, 'REQUEST_INVALID'],
  },
];
