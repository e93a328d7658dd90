/** The shapes of registered queries. */
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
import { registeredLimits, registeredStatuses } from '#libs/contracts/registered.js';

const { mostFrequencySeconds, leastFrequencySeconds, durationSeconds } = registeredLimits;

const name = text('Yours. At rest it is readable with your key alone.', {
  maxLength: registeredLimits.nameCharacters,
});
const frequency = whole('Seconds from one run to the next.', {
  minimum: leastFrequencySeconds,
  maximum: mostFrequencySeconds,
});
const duration = whole('Seconds that it lives.', { minimum: 1, maximum: durationSeconds });
const type: Schema = { const: 'query' };

const metrics = object({
  lastSucceededAt: instant('End of the last run that succeeded.'),
  lastFailedAt: instant('End of the last run that failed.'),
  lastExecutionDuration: whole('Milliseconds of the last run at the database.'),
  executionSucceededCount: whole('Runs that succeeded.'),
  executionFailedCount: whole('Runs that failed.'),
  resultSizeSum: whole('Bytes of all results, uploaded or not.'),
  requestSize: whole('Bytes of the creating request.'),
});

const run = object(
  {
    run: whole('Its number: later runs have higher ones.'),
    startedAt: instant('When it began.'),
    executionDuration: whole('Milliseconds at the database.'),
    outcome: { type: 'string', enum: ['changed', 'unchanged', 'failed'] },
    hash: text('Of the result.'),
    rows: whole('Rows of the result.'),
    size: whole('Bytes of the result.'),
    added: whole('Rows that the run before did not have.'),
    changed: whole('Rows whose key columns are the same.'),
    removed: whole('Rows that only the run before had.'),
    code: ref('ErrorCode'),
    receipt: text(
      'Of a run that found something new, or failed: ask for its record and proof by it.',
    ),
  },
  ['run', 'startedAt', 'executionDuration', 'outcome'],
);

export const registeredSchemas: Record<string, Schema> = {
  CreateRegisteredQuery: object(
    {
      name,
      registeredQueryType: type,
      frequency,
      duration,
      registerCommand: object(
        { command: ref('Command'), catalogue: text('The default one when absent.') },
        ['command'],
      ),
      keyColumns: {
        ...listOf({ type: 'string' }, 'Columns that tell rows apart; absent: all of them.'),
        minItems: 1,
        maxItems: registeredLimits.keyColumns,
      },
    },
    ['name', 'registeredQueryType', 'frequency', 'duration', 'registerCommand'],
  ),
  RenewRegisteredQuery: object({ name, frequency, duration }),
  RegisteredQueryId: object({ id: uuid('The registered query.') }, ['id']),
  RegisteredQuery: object(
    {
      id: uuid('The registered query.'),
      name: text('Empty for another key than the one that set it.'),
      registeredQueryType: type,
      status: { type: 'string', enum: registeredStatuses },
      frequency: whole('Seconds from one run to the next.'),
      duration: whole('Seconds, as last asked for.'),
      createdAt: instant('When it was created.'),
      completedAt: instant('When it ended.'),
      endsAt: instant('When it ends unless it is renewed.'),
      nextRunAt: instant('When it runs next; later after failures.'),
      lastHash: text('Changes when the result does. Absent after a failed run.'),
      lastErrorDetails: object({
        errorType: { type: 'string', enum: ['mssql', 'fbsql', 'http', 'haloLink'] },
        errorCode: whole("SQL Server's number, or 0."),
        errorMessage: text("SQL Server's words, for the key that created the query."),
      }),
      code: ref('ErrorCode'),
      metrics,
    },
    [
      'id',
      'name',
      'registeredQueryType',
      'status',
      'frequency',
      'duration',
      'createdAt',
      'metrics',
    ],
  ),
  RegisteredQueries: object({ registeredQueries: listOf(ref('RegisteredQuery')) }, [
    'registeredQueries',
  ]),
  RegisteredResult: object(
    {
      data: text('Base64 of UTF-8 JSON: an array of row objects.'),
      parameters: { type: ['array', 'null'], items: ref('Parameter') },
      rows: whole('Rows in the data.'),
      size: whole('Bytes of the data before base64.'),
      cursor: text('Send it as `since` to get what changed after this result.'),
    },
    ['data', 'parameters', 'rows', 'size', 'cursor'],
  ),
  RegisteredChanges: object(
    {
      added: listOf({ type: 'object' }, 'Rows as they are now.'),
      changed: listOf({ type: 'object' }, 'Rows as they are now; only with key columns.'),
      removed: listOf({ type: 'object' }, 'Their key columns; without such, all they held.'),
      cursor: text('Send it as `since` the next time.'),
    },
    ['added', 'changed', 'removed', 'cursor'],
  ),
  RegisteredRuns: object({ runs: listOf(run) }, ['runs']),
};
