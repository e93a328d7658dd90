/** The shapes of queries that may wait. */
import { waitReasons } from '#apps/broker/src/async-queries/query-record.js';
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
import { statusBatchLimit } from '#libs/contracts/query-status.js';

const span = object({ startTime: instant('When it began.'), endTime: instant('When it ended.') });

const statuses = [
  'initialising',
  'queued',
  'expiredInQueue',
  'executing',
  'executionFailed',
  'uploading',
  'uploadFailed',
  'successful',
];

export const asyncQuerySchemas: Record<string, Schema> = {
  AsyncQueryBody: object(
    {
      command: ref('Command'),
      catalogue: text('A catalogue that the site lists; the default one when absent.'),
      maxTimeInQueue: whole('Milliseconds it may wait for the site and for its turn there.', {
        minimum: 0,
        maximum: 7_200_000,
        default: 3_600_000,
      }),
    },
    ['command'],
  ),
  ResultPageFacts: object(
    {
      pageNumber: whole('From 1.', { minimum: 1 }),
      status: {
        type: 'string',
        enum: ['queued', 'uploading', 'cached'],
        description: 'A cached page can be fetched; the others are still at the practice.',
      },
      size: whole('Bytes of its JSON text.'),
      rows: object({
        count: whole('Rows on it.'),
        rangeStart: whole('Number of its first row, from 0.'),
        rangeEnd: whole('Number of its last row.'),
      }),
    },
    ['pageNumber', 'status', 'size', 'rows'],
  ),
  AsyncQuery: object(
    {
      id: uuid('The query.'),
      integratorId: uuid('Who asked.'),
      siteId: uuid('Where.'),
      mode: { const: 'async' },
      status: { type: 'string', enum: statuses },
      maxTimeInQueue: whole('Milliseconds it may wait.'),
      commandSize: whole('Bytes of the command text in UTF-8.'),
      requestSize: whole('Bytes of the request body.'),
      createdAt: instant('When the broker accepted it.'),
      updatedAt: instant('When its state last changed.'),
      completedAt: instant('When it ended.'),
      statusTiming: object({
        initialising: span,
        queued: span,
        executing: span,
        uploading: span,
      }),
      idempotencyKey: text('Yours, or the one that was made for it.'),
      queue: object({
        position: whole('Its place among your own queries at this site, from 1.'),
        reason: { type: 'string', enum: waitReasons },
      }),
      metrics: object({
        sqlExecutionDuration: whole('Milliseconds from sending the statement to its last row.'),
      }),
      resultSize: whole('Bytes of the rows as JSON text.'),
      result: object({
        rows: whole('Rows of all pages, kept or not.'),
        rowsAffected: whole('For nonQuery; -1 when SQL Server counts none.'),
        size: whole('Bytes of the rows as JSON text.'),
        pages: listOf(ref('ResultPageFacts'), 'Pages that are known now, in their order.'),
        parameters: listOf(ref('Parameter'), 'For the key that submitted the query.'),
        columns: { type: 'array', items: {}, description: 'With columns=true: Column objects.' },
      }),
      code: text('Why it did not succeed: a code of the catalogue, e.g. QUERY_CANCELLED.'),
      errorType: { type: 'string', enum: ['mssql', 'fbsql', 'http', 'haloLink'] },
      errorCode: whole("SQL Server's error number, or 0."),
      errorMessage: text(
        "For the key that submitted the query SQL Server's own words, else the broker's.",
      ),
      errorDetails: { type: 'object', description: 'The last three once more.' },
      parameters: listOf(ref('Parameter'), 'Of a statement that failed.'),
    },
    ['id', 'integratorId', 'siteId', 'mode', 'status', 'createdAt', 'updatedAt', 'statusTiming'],
  ),
  AnyQueryStatus: { anyOf: [ref('AsyncQuery'), ref('QueryStatus')] },
  StatusBatch: object(
    {
      queryIds: {
        type: 'array',
        items: { type: 'string', format: 'uuid' },
        maxItems: statusBatchLimit,
      },
    },
    ['queryIds'],
  ),
  StatusBatchAnswer: object(
    {
      results: listOf(
        object(
          {
            queryId: uuid('As it was asked for.'),
            status: { type: 'string', enum: ['found', 'notFound'] },
            query: ref('AnyQueryStatus'),
            code: text('Of one that is not found: QUERY_NOT_FOUND or QUERY_GONE.'),
          },
          ['queryId', 'status'],
        ),
      ),
    },
    ['results'],
  ),
  JsonRows: { type: 'array', items: { type: 'object' }, description: 'The rows of one page.' },
  ResultPage: object({
    data: text('Base64 of UTF-8 JSON: an array of row objects. Absent where there are no rows.'),
    parameters: listOf(ref('Parameter'), 'On page 1, once the query has ended.'),
  }),
};
