/** Every route with what it takes and answers. A test fails when a route is missing here, or gone. */
import { accessRoutes } from '#apps/broker/src/reference/access-routes.js';
import { auditLogRoutes } from '#apps/broker/src/reference/audit-log-routes.js';
import { asyncQueryRoutes } from '#apps/broker/src/reference/async-query-routes.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { Operation, RoomRoute } from '#apps/broker/src/reference/operation.js';
import { registeredRoutes } from '#apps/broker/src/reference/registered-routes.js';
import { webhookRoutes } from '#apps/broker/src/reference/webhook-routes.js';

const keyErrors: ErrorCode[] = [
  'KEY_MISSING',
  'KEY_INVALID',
  'KEY_EXPIRED',
  'KEY_REVOKED',
  'ACCESS_FROZEN',
  'KEY_ADDRESS_FORBIDDEN',
  'TOKEN_INVALID',
  'RATE_LIMITED',
  'INTERNAL',
];
const siteErrors: ErrorCode[] = ['KEY_SITE_FORBIDDEN', 'SITE_NOT_FOUND'];
const bodyErrors: ErrorCode[] = [
  'REQUEST_INVALID',
  'BODY_NOT_JSON',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
];
const runErrors: ErrorCode[] = [
  'GRANT_PENDING',
  'GRANT_MISSING',
  'GRANT_EXPIRED',
  'GRANT_REVOKED',
  'GRANT_PAUSED',
  'CONSENT_WITHDRAWN',
  'CONSENT_NOT_CHECKABLE',
  'CONSENT_RESULT_WITHHELD',
  'CONSENT_LIST_DAMAGED',
  'QUERY_STOPPED',
  'GRANT_NOT_YET_VALID',
  'GRANT_SCOPE',
  'GRANT_CATALOGUE',
  'GRANT_OUTSIDE_HOURS',
  'GRANT_CEILING',
  'GRANT_INVALID',
  'STATEMENT_FORBIDDEN',
  'SITE_NOT_AUTHORITATIVE',
  'SITE_PAUSED',
  'SITE_OFFLINE',
  'SITE_UNREACHABLE',
  'SITE_LOST',
  'CATALOGUE_UNKNOWN',
  'STATEMENT_FAILED',
  'CONCURRENCY_LIMITED',
  'QUEUE_EXPIRED',
  'EXECUTION_TIMEOUT',
  'RESULT_TOO_LARGE',
  'RESULT_ROWS_LIMIT',
  'RESULT_BYTES_LIMIT',
  'RESULT_UNENCODABLE',
  'DATABASE_UNAVAILABLE',
  'DATABASE_LOGIN_REFUSED',
  'DATABASE_CONNECTION_LOST',
  'LINK_PROTOCOL',
  'AUDIT_UNAVAILABLE',
  'BROKER_BUSY',
  'BROKER_DRAINING',
];
const writeErrors: ErrorCode[] = [
  'IDEMPOTENCY_KEY_INVALID',
  'IDEMPOTENCY_KEY_REQUIRED',
  'IDEMPOTENCY_KEY_REUSED',
  'WRITE_IN_PROGRESS',
  'WRITE_OUTCOME_UNKNOWN',
  'WRITE_RESULT_NOT_KEPT',
  'WRITE_TRANSACTION_UNBALANCED',
  'WRITE_JOURNAL_MISSING',
  'WRITE_JOURNAL_UNAVAILABLE',
  'JOURNAL_UNAVAILABLE',
];
const operatorErrors: ErrorCode[] = ['OPERATOR_TOKEN_INVALID', 'RATE_LIMITED', 'INTERNAL'];
const askedActErrors: ErrorCode[] = [
  'CONSOLE_ENTRY_NOT_FOUND',
  'ACT_NOT_POSSIBLE',
  'ACT_REQUEST_WAITING',
];

const pairing = {
  tag: 'Sites',
  body: 'PairSite',
  bodyRequired: false,
  bodyExample: {
    practiceManagementSiteId: '12345',
    practiceManagementName: 'Best Practice',
    pairingCode: 'ABCD-EFGH',
  },
  query: {
    practiceManagementSiteId: 'The id the PMS vendor gave the practice.',
    practiceManagementName: 'The practice management system.',
    pairingCode: 'The code. Prefer the body: codes in URLs end in access logs.',
  },
  status: 200,
  answer: 'Site',
  errors: [...keyErrors, ...bodyErrors, 'PAIRING_CODE_INVALID'],
} as const;

const queryErrors = [...keyErrors, ...bodyErrors, ...siteErrors, ...runErrors, ...writeErrors];

const integratorOperations: Operation[] = [
  {
    route: 'POST /integrator/sites/:siteId/queries/immediate',
    tag: 'Queries',
    summary: 'Run a statement and wait for its result',
    description:
      `Carried to the site's agent as ${agentPatterns.runQuery}; runs for at most 60 s and answers at ` +
      'most 8 MB. With Accept: application/x-ndjson the rows are streamed, one JSON object a line, ' +
      'without that limit: {"$columns":[…]} and {"$set":n} lines where asked for, then ' +
      '{"$end":{rows, sha256}}, or {"$error":{…}} when it broke off. A compressed stream that broke ' +
      'off ends without its end. Close the connection to cancel the statement. A write runs at most ' +
      'once under its Idempotency-Key: yours from the header, or one that is minted; the answer names ' +
      'it in the same header and in every error body.',
    query: {
      columns: 'true: describe the columns.',
      resultSets: 'first (default) or all.',
    },
    body: 'ImmediateQuery',
    bodyExample: {
      command: {
        text: 'SELECT TOP 5 InternalId FROM Patients WHERE Surname = @surname',
        parameters: [{ name: '@surname', type: 'NVarChar', value: 'ZzExample' }],
      },
      catalogue: 'Patients',
      maxTimeInQueue: 5000,
    },
    status: 200,
    answer: 'SuccessfulQuery',
    answerTypes: ['application/x-ndjson'],
    answerExample: {
      id: '0b6f2b1e-6f3c-4b7e-9d0a-3f1c2d4e5f60',
      integratorId: '5e2d7c4b-1a2b-4c3d-8e9f-0a1b2c3d4e5f',
      siteId: '9c8b7a6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d',
      status: 'successful',
      maxTimeInQueue: 5000,
      commandSize: 58,
      requestSize: 171,
      createdAt: '2026-03-04T00:00:00.000Z',
      updatedAt: '2026-03-04T00:00:00.020Z',
      completedAt: '2026-03-04T00:00:00.020Z',
      mode: 'immediate',
      statusTiming: {
        initialising: { startTime: '2026-03-04T00:00:00.000Z' },
        executing: { startTime: '2026-03-04T00:00:00.002Z' },
      },
      metrics: { sqlExecutionDuration: 12 },
      resultSize: 19,
      result: { rows: 1, size: 19, data: 'W3siSW50ZXJuYWxJZCI6MTd9XQ==' },
    },
    errors: queryErrors,
  },
  {
    route: 'GET /integrator/sites/:siteId/writes/:key',
    tag: 'Queries',
    summary: 'See what became of a write, by its Idempotency-Key',
    description:
      `Asked of the site's agent as ${agentPatterns.findWrite}; nothing of it is kept by the broker. ` +
      'The key is yours, or the one that the answer named. While the site cannot be asked the state ' +
      'is unknown. The outcome is told while a permission is in force.',
    status: 200,
    answer: 'Write',
    answerExample: {
      idempotencyKey: '7f9c24e8-3b1d-4c5e-9a6f-2d8e1b0c4a37',
      siteId: '9c8b7a6d-5e4f-4a3b-8c2d-1e0f9a8b7c6d',
      state: 'applied',
      receivedAt: '2026-03-04T00:00:00.000Z',
      appliedAt: '2026-03-04T00:00:00.040Z',
      outcome: { rowsAffected: 1, rows: 0, kept: true },
    },
    errors: [
      ...keyErrors,
      ...siteErrors,
      'IDEMPOTENCY_KEY_INVALID',
      'GRANT_MISSING',
      'SITE_PAUSED',
      'CONCURRENCY_LIMITED',
      'AUDIT_UNAVAILABLE',
    ],
  },
  {
    route: 'GET /integrator/receipts/:receiptId',
    tag: 'Audit log',
    summary: 'Read the record of an answer, with its proof',
    description:
      'The id is the answer’s Conduit-Receipt header, and in error bodies `receipt`. The record is the leaf of ' +
      'the log, to the letter; the proof is a C2SP tlog-proof, which can be checked offline and kept. Before the ' +
      'query has ended, and for about a second after, the answer is RECEIPT_PENDING with Retry-After. Of whom ' +
      'the record is not, it is not found.',
    status: 200,
    answer: 'RecordProof',
    errors: [...keyErrors, 'RECEIPT_NOT_FOUND', 'RECEIPT_PENDING', 'QUEUE_UNAVAILABLE'],
  },
  {
    route: 'GET /integrator/usage',
    tag: 'Sites',
    summary: 'See what you used',
    description:
      'Sums for each site, day (UTC), kind and outcome of queries that ended, oldest day first. Sizes ' +
      'are counted in whole kilobytes a query. A query appears within five seconds of its end.',
    query: {
      from: 'First day, YYYY-MM-DD; 29 days before the last if absent. At most 400 days.',
      to: 'Last day; today if absent.',
      siteId: 'Only this site.',
      limit: 'Rows on a page: 1 to 10000, 1000 if absent.',
      cursor: 'The nextCursor of the page before.',
    },
    status: 200,
    answer: 'Usage',
    errors: [...keyErrors, 'REQUEST_INVALID', 'KEY_SITE_FORBIDDEN'],
  },
  {
    route: 'GET /integrator/sites',
    tag: 'Sites',
    summary: 'List the sites you are paired with',
    query: {
      practiceManagementSiteId: 'Only the site with this id.',
      practiceManagementName: 'Only sites of this system.',
    },
    status: 200,
    answer: 'Sites',
    errors: [...keyErrors, 'REQUEST_INVALID'],
  },
  {
    route: 'GET /integrator/sites/:siteId',
    tag: 'Sites',
    summary: 'See a site and whether it is online',
    status: 200,
    answer: 'Site',
    errors: [...keyErrors, ...siteErrors],
  },
  {
    route: 'POST /integrator/sites/:siteId/access',
    tag: 'Sites',
    summary: 'Ask for more than a site permits you',
    description:
      'What you name is put before the practice together with what you have there. Its approval replaces ' +
      'your permission; until then the one in force stays as it is. The same again changes nothing. ' +
      'Statements are asked for in the console, where their text is.',
    body: 'AskAccess',
    bodyExample: { scopes: ['procedure:dbo.BookAppointment'] },
    status: 202,
    answer: 'AskedAccess',
    errors: [...keyErrors, ...bodyErrors, ...siteErrors, 'ACCESS_NOT_ASKABLE'],
  },
  {
    ...pairing,
    route: 'POST /integrator/pair-site',
    summary: 'Redeem a pairing code',
    description:
      'Creates an access request. Queries answer GRANT_PENDING until the practice approves.',
    errors: [...pairing.errors],
  },
  {
    ...pairing,
    route: 'POST /integrator/pairSite',
    summary: 'Redeem a pairing code (older path)',
    deprecated: true,
    errors: [...pairing.errors],
  },
];

const operatorOperations: Operation[] = [
  {
    route: 'POST /operator/practices',
    tag: 'Operator',
    summary: 'Register a practice',
    body: 'CreatePractice',
    status: 201,
    answer: 'Health',
    errors: [...operatorErrors, ...bodyErrors],
  },
  {
    route: 'POST /operator/practices/:practiceId/enrolment-codes',
    tag: 'Operator',
    summary: "Make a one-time code for a practice's agent and its sites",
    body: 'CreateEnrolmentCode',
    status: 201,
    answer: 'EnrolmentCode',
    errors: [...operatorErrors, ...bodyErrors, 'REGISTRY_ENTRY_NOT_FOUND'],
  },
  {
    route: 'GET /operator/agents',
    tag: 'Operator',
    summary: 'How the agents stand: state, link, last seen, version, end of certificate',
    query: {
      state: 'Only those that are active, quarantined or revoked.',
      practiceId: 'Only those of one practice.',
      after: 'The `next` of the page before.',
    },
    status: 200,
    answer: 'Agents',
    errors: [...operatorErrors, 'REQUEST_INVALID'],
  },
  {
    route: 'POST /operator/agents/:agentId/quarantine',
    tag: 'Operator',
    summary: 'Stop an agent at once',
    description:
      'Its links end within two seconds and it gets no other until two people have released it.',
    status: 204,
    errors: [...operatorErrors, 'ACT_NOT_POSSIBLE'],
  },
  {
    route: 'POST /operator/agents/:agentId/release',
    tag: 'Operator',
    summary: 'Ask for the end of a quarantine',
    description:
      'Nothing happens until a security officer approves in the console, within an hour. ' +
      '`restoredFromBackup`: it may join again. `copiedMachine`: it is revoked and has to be enrolled anew.',
    body: 'ReleaseAgent',
    status: 202,
    answer: 'AskedAct',
    errors: [...operatorErrors, ...bodyErrors, ...askedActErrors],
  },
  {
    route: 'POST /operator/agents/:agentId/revoke',
    tag: 'Operator',
    summary: 'Ask for an agent to be shut out for good',
    description:
      'Nothing happens until a security officer approves in the console, within an hour. To stop it now, quarantine it.',
    status: 202,
    answer: 'AskedAct',
    errors: [...operatorErrors, ...askedActErrors],
  },
  {
    route: 'POST /operator/integrators',
    tag: 'Operator',
    summary: 'Register an integrator',
    body: 'CreateIntegrator',
    status: 201,
    answer: 'Health',
    errors: [...operatorErrors, ...bodyErrors],
  },
  {
    route: 'POST /operator/invitations',
    tag: 'Operator',
    summary: 'Invite the first people to the console',
    body: 'InviteFirst',
    status: 201,
    answer: 'CreatedInvitation',
    errors: [...operatorErrors, ...bodyErrors, 'CONSOLE_ENTRY_NOT_FOUND', 'INVITATION_LIMIT'],
  },
  {
    route: 'POST /operator/integrators/:integratorId/keys',
    tag: 'Operator',
    summary: 'Issue an API key',
    body: 'CreateKey',
    status: 201,
    answer: 'IssuedKey',
    errors: [...operatorErrors, ...bodyErrors, 'REGISTRY_ENTRY_NOT_FOUND', 'KEY_LIMIT'],
  },
  {
    route: 'DELETE /operator/keys/:keyId',
    tag: 'Operator',
    summary: 'Revoke an API key on every node',
    status: 204,
    errors: [...operatorErrors, 'REGISTRY_ENTRY_NOT_FOUND'],
  },
];

const agentRoutes = {
  'POST /agent/enrolment/challenge': 'Ask for a challenge before enrolling',
  'POST /agent/enrolment': 'Enrol with a one-time code',
  'POST /agent/recovery/challenge': 'Ask for a challenge before recovering',
  'POST /agent/recovery': 'Get a certificate back after a long outage',
  'GET /agent/time': 'Read the signed time',
};

const agentOperations = Object.entries(agentRoutes).map(([route, summary]): Operation => ({
  route,
  tag: 'Agents',
  summary,
  ...(route.startsWith('POST') && !route.endsWith('challenge') && { body: 'AgentMessage' }),
  status: 200,
  answer: 'AgentMessage',
  errors: [
    ...bodyErrors,
    'ENROLMENT_CODE_INVALID',
    'CERTIFICATE_REQUEST_INVALID',
    'AGENT_IDENTITY_REFUSED',
    'RATE_LIMITED',
    'INTERNAL',
  ],
}));

const plainOperations: Operation[] = [
  ['GET /health/live', 'Health', 'Whether the process runs', 'Health'],
  ['GET /health/ready', 'Health', 'Whether this node should get traffic; 503 when not', 'Health'],
  ['GET /openapi.json', 'Reference', 'This document', undefined],
  ['GET /docs', 'Reference', 'This document as a page', undefined],
  ['GET /docs/style.css', 'Reference', "The page's style", undefined],
].map(([route, tag, summary, answer]) => ({
  route: route as string,
  tag: tag as Operation['tag'],
  summary: summary as string,
  status: 200 as const,
  ...(answer && { answer }),
  errors: [] as ErrorCode[],
}));

/** The routes of one room, each with the errors that all of them share. */
const ofRoom = (
  tag: Operation['tag'],
  shared: readonly ErrorCode[],
  routes: readonly RoomRoute[],
): Operation[] =>
  routes.map(({ takesBody, errors, ...route }) => ({
    ...route,
    tag,
    errors: [...shared, ...(takesBody ? bodyErrors : []), ...errors],
  }));

export const operations: readonly Operation[] = [
  ...integratorOperations,
  ...ofRoom('Queries', [...keyErrors, ...siteErrors], asyncQueryRoutes),
  ...ofRoom('Queries', [...keyErrors, ...siteErrors], registeredRoutes),
  ...ofRoom('Webhooks', keyErrors, webhookRoutes),
  ...accessRoutes,
  ...operatorOperations,
  ...agentOperations,
  ...auditLogRoutes,
  ...plainOperations,
];
