/** The shapes of the integrator API, in JSON Schema 2020-12 as OpenAPI 3.1 uses it. */
import {
  commandLimits,
  commandTypes,
  executionModes,
  parameterDirections,
  parameterTypes,
} from '#libs/contracts/command.js';
import { writeStates } from '#libs/contracts/link-messages.js';
import { catalogue } from '#libs/errors/catalogue.js';
import { purposes } from '#libs/grants/grant.js';
import {
  instant,
  listOf,
  object,
  ref,
  text,
  uuid,
  whole,
  type Schema,
} from '#apps/broker/src/reference/schema-words.js';
import { asyncQuerySchemas } from '#apps/broker/src/reference/async-query-schemas.js';
import { registeredSchemas } from '#apps/broker/src/reference/registered-schemas.js';
import { accessSchemas } from '#apps/broker/src/reference/access-schemas.js';
import { webhookSchemas } from '#apps/broker/src/reference/webhook-schemas.js';
import { pmsNames, pmsTypes } from '#apps/broker/src/sites/pms-names.js';

const step = object({ startTime: instant('When it began.') });

const queryProperties = {
  id: uuid('The query.'),
  integratorId: uuid('Who asked.'),
  siteId: uuid('Where.'),
  maxTimeInQueue: whole('Milliseconds it was allowed to wait.'),
  commandSize: whole('Bytes of the command text in UTF-8.'),
  requestSize: whole('Bytes of the request body.'),
  createdAt: instant('When the broker accepted it.'),
  updatedAt: instant('When its state last changed.'),
  completedAt: instant('When it ended.'),
  statusTiming: object({ initialising: step, executing: step, downloading: step, uploading: step }),
  metrics: object({
    sqlExecutionDuration: whole('Milliseconds from sending the statement to its last row.'),
  }),
};

const querySchemas: Record<string, Schema> = {
  Parameter: object(
    {
      name: text('With or without the @.', { maxLength: commandLimits.parameterNameCharacters }),
      direction: { type: 'string', enum: parameterDirections, default: 'input' },
      type: { type: 'string', enum: parameterTypes },
      value: { type: ['string', 'null'], description: 'As text. Binary types: base64.' },
      size: whole('Bytes, for output parameters of variable length.', { minimum: -1 }),
    },
    ['name'],
  ),
  Command: object(
    {
      text: text('A statement, or the name of a procedure.', {
        maxLength: commandLimits.textCharacters,
      }),
      executionMode: { type: 'string', enum: executionModes, default: 'reader' },
      type: { type: 'string', enum: commandTypes, default: 'text' },
      parameters: { type: 'array', items: ref('Parameter'), maxItems: commandLimits.parameters },
    },
    ['text'],
  ),
  ImmediateQuery: object(
    {
      command: ref('Command'),
      catalogue: text('A catalogue that the site lists; the default one when absent.'),
      maxTimeInQueue: whole('Milliseconds it may wait for a place. 0: run now or not at all.', {
        minimum: 0,
        maximum: 60_000,
        default: 30_000,
      }),
    },
    ['command'],
  ),
  Column: object({
    name: text('As it stands in the row objects.'),
    type: text('SQL Server type in lower case.'),
    precision: whole('Digits.'),
    scale: whole('Digits after the point.'),
    length: whole('Bytes or characters as declared; -1 for max.'),
    nullable: { type: 'boolean' },
  }),
  RowsResult: object(
    {
      rows: whole('Rows in the data.'),
      size: whole('Bytes of the data before base64.'),
      data: text(
        'Base64 of UTF-8 JSON: an array of row objects. With resultSets=all: an array of such arrays.',
      ),
      parameters: listOf(ref('Parameter'), 'Output, inputOutput and returnValue parameters.'),
      columns: {
        type: 'array',
        items: {},
        description: 'With columns=true: Column objects, one list a set with resultSets=all.',
      },
    },
    ['rows', 'size', 'data'],
  ),
  WriteResult: object(
    {
      rowsAffected: whole('-1 when SQL Server counts none.'),
      size: whole('Always 0.'),
      parameters: listOf(ref('Parameter')),
    },
    ['rowsAffected', 'size'],
  ),
  SuccessfulQuery: object(
    {
      ...queryProperties,
      mode: { const: 'immediate' },
      status: { const: 'successful' },
      resultSize: whole('Bytes of the data before base64.'),
      result: { anyOf: [ref('RowsResult'), ref('WriteResult')] },
    },
    ['id', 'integratorId', 'siteId', 'mode', 'status', 'result'],
  ),
  FailedQuery: object({
    ...queryProperties,
    mode: { const: 'immediate' },
    status: { const: 'executionFailed' },
    errorDetails: object({
      errorType: { type: 'string', enum: ['mssql', 'fbsql', 'http', 'haloLink'] },
      errorCode: whole("SQL Server's error number, or 0."),
      errorMessage: text("SQL Server's own words. They may quote patient data."),
    }),
    error: { description: 'The same object as in Error.' },
  }),
  QueryStatus: object(
    {
      ...queryProperties,
      mode: { const: 'async', description: 'The one value that this route knows; see lane.' },
      lane: { const: 'immediate' },
      status: {
        type: 'string',
        enum: ['initialising', 'executing', 'uploading', 'successful', 'executionFailed'],
      },
      resultSize: whole('Bytes of the result.'),
      result: { type: 'object', description: 'Counts and sizes. Results are not kept.' },
      errorMessage: text("The broker's words, never the database's."),
    },
    ['id', 'integratorId', 'siteId', 'mode', 'status'],
  ),
};

const siteSchemas: Record<string, Schema> = {
  Site: object({
    id: uuid('The site.'),
    pmsType: { type: 'string', enum: pmsTypes },
    availability: {
      type: 'string',
      enum: ['online', 'offline', 'unreachable'],
      description: 'offline: its agent said goodbye. unreachable: silent for two minutes.',
    },
    status: { type: 'string', enum: ['initialising', 'active', 'removed', 'uninstalled'] },
    haloLinkVersion: text("The agent's version."),
    enrichedAt: instant('When the agent last described the site.'),
    catalogue: listOf(object({ name: text('Name.'), isDefault: { type: 'boolean' } })),
    practiceMetadata: object({
      pmsType: { type: 'string', enum: pmsTypes },
      practiceName: text('As registered.'),
      practiceManagementSiteId: text('The id the PMS vendor gave the practice.'),
      practiceManagementVersion: text('As the agent found it.'),
    }),
  }),
  Sites: object({ sites: listOf(ref('Site')) }, ['sites']),
  Usage: object(
    {
      from: text('First day.', { format: 'date' }),
      to: text('Last day.', { format: 'date' }),
      usage: listOf(
        object({
          date: text('UTC.', { format: 'date' }),
          siteId: uuid('The site.'),
          kind: { type: 'string', enum: ['immediate', 'async', 'registered'] },
          access: {
            type: 'string',
            enum: ['read', 'write'],
            description: 'write: a nonQuery or a stored procedure.',
          },
          outcome: {
            type: 'string',
            enum: ['successful', 'refused', 'failed', 'cancelled', 'lost', 'expired'],
          },
          queries: whole('How many ended so.'),
          requestBytes: whole('Of their requests, in whole kilobytes each.'),
          resultBytes: whole('Of their results, in whole kilobytes each.'),
          durationMs: whole('From call to end, together.'),
          sqlDurationMs: whole("At the practice's database, together."),
        }),
      ),
      nextCursor: text('Absent on the last page.'),
    },
    ['from', 'to', 'usage'],
  ),
  PairSite: object(
    {
      practiceManagementSiteId: text('The id the PMS vendor gave the practice.'),
      practiceManagementName: { type: 'string', enum: [...Object.values(pmsNames)] },
      pairingCode: text('Made by the practice; works once, for seven days.'),
    },
    ['practiceManagementSiteId', 'practiceManagementName', 'pairingCode'],
  ),
  AskAccess: object({
    scopes: listOf(text('sql:read, sql:write, procedure:<name> or operation:<name>.')),
    catalogues: listOf(text('A database of the site.')),
    purposes: listOf({ type: 'string', enum: [...purposes] }),
  }),
  AskedAccess: object({
    state: {
      type: 'string',
      enum: ['waiting', 'permitted'],
      description: 'waiting: for the practice; permitted: all of it is, already.',
    },
  }),
};

const errorSchemas: Record<string, Schema> = {
  Error: object(
    {
      error: object(
        {
          status: whole('HTTP status.'),
          statusText: text('HTTP phrase.'),
          message: text('What happened and where.'),
          code: ref('ErrorCode'),
          requestId: text('As in X-Request-Id; quote it when you call.'),
          idempotencyKey: text('Of what may be a write: ask for its outcome by it.'),
          receipt: text('Of what was dispatched: ask for its record and proof by it.'),
        },
        ['status', 'statusText', 'message'],
      ),
    },
    ['error'],
  ),
  ErrorCode: { type: 'string', enum: Object.keys(catalogue) },
  RecordProof: object(
    {
      record: text(
        'Canonical JSON of the record: the leaf itself. It holds nothing of what was asked or found.',
      ),
      index: whole('Number of the leaf, from 0.'),
      proof: text('C2SP tlog-proof: the leaf’s place, the hashes up to the root, the checkpoint.'),
      checkpoint: text(
        'C2SP signed note: the head that it is proven under, with its cosignatures.',
      ),
      verifierKey: text(
        'Of the log, as C2SP signed-note writes it. Compare it with the one you have kept.',
      ),
      witnesses: listOf(
        { type: 'string' },
        'Verifier keys of the witnesses that cosigned the checkpoint.',
      ),
    },
    ['record', 'index', 'proof', 'checkpoint', 'verifierKey', 'witnesses'],
  ),
  Write: object(
    {
      idempotencyKey: text('As in the path.'),
      siteId: uuid('Where.'),
      state: {
        type: 'string',
        enum: writeStates,
        description:
          'applied: committed. notApplied: nothing of it stayed, it can be sent again under its key. ' +
          'neverReceived: the site has no trace of it until now. inProgress: it runs or waits at the ' +
          'site. unknown: nobody can say now; `reason` says why.',
      },
      reason: text('A code or word that says more, such as SITE_OFFLINE.'),
      outcome: object(
        {
          rowsAffected: whole('For nonQuery; -1 when the database counts none.'),
          rows: whole('Rows that it returned.'),
          parameters: listOf(ref('Parameter'), 'Output and return values.'),
          kept: {
            type: 'boolean',
            description: 'Whether the same request is answered again with its rows.',
          },
        },
        ['kept'],
      ),
      receivedAt: instant("When the site first heard of it, by the database server's clock."),
      appliedAt: instant('When it was committed, or ended.'),
    },
    ['idempotencyKey', 'siteId', 'state'],
  ),
  Problem: object(
    {
      type: text('urn:conduit:error:<code>', { format: 'uri' }),
      title: text('One sentence for the code.'),
      status: whole('HTTP status.'),
      detail: text('The title with what is known of this case.'),
      code: ref('ErrorCode'),
      retry: {
        type: 'string',
        enum: ['safe', 'unknown', 'never'],
        description:
          'safe: provably nothing was done. unknown: perhaps everything. never: the same request fails again.',
      },
      remedy: text('What to do.'),
      whoCanFix: { type: 'string', enum: ['integrator', 'practice', 'MSP', 'operator'] },
      requestId: text('As in X-Request-Id.'),
      idempotencyKey: text('Of what may be a write: ask for its outcome by it.'),
      receipt: text('Of what was dispatched: ask for its record and proof by it.'),
      errors: listOf(object({ field: text('Path in the body.'), problem: text('What is wrong.') })),
    },
    ['type', 'title', 'status', 'code', 'retry', 'remedy', 'whoCanFix', 'requestId'],
  ),
};

const operatorSchemas: Record<string, Schema> = {
  CreatePractice: object({ name: text('Its name.') }, ['name']),
  CreateIntegrator: object(
    {
      name: text('Its name.'),
      abn: text('11 digits.'),
      contactEmail: text('Whom to write to.'),
      purposes: listOf({ type: 'string' }, 'What it may ask practices for.'),
      countries: listOf({ type: 'string' }, 'Where it keeps data.'),
    },
    ['name'],
  ),
  InviteFirst: object(
    {
      role: text('practice-owner, integrator-admin, operator-security or operator-support.'),
      practiceId: uuid('Of an owner.'),
      integratorId: uuid('Of an administrator.'),
      email: text('Where the link is mailed to, when mail is set up.'),
    },
    ['role'],
  ),
  CreatedInvitation: object(
    {
      invitationId: text('Its id.'),
      invitationEndsAt: instant('Until when it may be accepted.'),
      link: text('To be handed over; absent when it was mailed. It works once.'),
    },
    ['invitationId', 'invitationEndsAt'],
  ),
  CreateKey: object(
    {
      name: text('What the key is for.'),
      expiresAt: instant('Absent: it does not expire.'),
      siteIds: listOf(uuid('A site.'), 'Absent: every paired site.'),
      addressRanges: listOf({ type: 'string' }, 'CIDR ranges; absent: from anywhere.'),
    },
    ['name'],
  ),
  IssuedKey: object({ keyId: text('Public part.'), key: text('Shown once.') }, ['keyId', 'key']),
  CreateEnrolmentCode: object(
    {
      sites: listOf(
        object(
          {
            siteId: uuid('Absent: a new site.'),
            name: text('Its name.'),
            pmsType: { type: 'string', enum: pmsTypes },
            pmsSiteId: text('The id the PMS vendor gave the practice.'),
          },
          ['name', 'pmsType', 'pmsSiteId'],
        ),
      ),
    },
    ['sites'],
  ),
  EnrolmentCode: object({
    codeId: text('Public part.'),
    code: text('Shown once; works once, for an hour.'),
    expiresAt: instant('When it stops working.'),
    sites: listOf({ type: 'object' }),
  }),
  ReleaseAgent: object(
    { decision: { type: 'string', enum: ['restoredFromBackup', 'copiedMachine', 'falseAlarm'] } },
    ['decision'],
  ),
  AskedAct: object({ requestId: uuid('What waits for a security officer in the console.') }),
  Agents: object(
    {
      agents: listOf(
        object({
          agentId: uuid('The agent.'),
          practiceId: text('Its practice.'),
          state: { type: 'string', enum: ['active', 'quarantined', 'revoked'] },
          stateReason: { type: ['string', 'null'], description: 'Why it is not active.' },
          attached: { type: 'string', enum: ['thisNode', 'otherNode', 'no'] },
          lastSeenAt: { type: ['string', 'null'], format: 'date-time' },
          version: { type: ['string', 'null'] },
          certificateEndsAt: { type: ['string', 'null'], format: 'date-time' },
          siteIds: listOf({ type: 'string' }),
          siteLoads: {
            type: 'object',
            additionalProperties: { type: 'string', enum: ['asyncPaused', 'backgroundPaused'] },
            description:
              "Sites whose agent holds work back to spare the practice's database server.",
          },
        }),
      ),
      next: uuid('Send it as `after` for the rest; absent at the end.'),
    },
    ['agents'],
  ),
  Health: { type: 'object' },
  AgentMessage: { type: 'object', description: 'Between agent and broker; not for integrators.' },
};

export const schemas: Record<string, Schema> = {
  ...querySchemas,
  ...siteSchemas,
  ...errorSchemas,
  ...operatorSchemas,
  ...asyncQuerySchemas,
  ...registeredSchemas,
  ...accessSchemas,
  Cosignature: text('C2SP signed-note.'),
  ...webhookSchemas,
};
