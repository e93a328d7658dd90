/**
 * One statement on one connection, from sending it to the moment when nothing of it runs any more.
 * An abort cancels it; if the server does not obey, the session is killed and the socket dropped.
 */
import { Connection, Request } from 'tedious';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { quoteProcedureName } from '#libs/grants/procedure-name.js';
import type { PmsCommand, PmsOutcome } from '#apps/agent/src/pms/pms-driver.port.js';
import type { ResultWriter } from '#apps/agent/src/pms/rows/result-writer.js';
import {
  bindParameters,
  returnedParameters,
  type BoundParameter,
} from '#apps/agent/src/pms/mssql/bind-parameters.js';
import {
  connectionLost,
  isCountMismatch,
  sqlFailure,
  wasNeverSent,
} from '#apps/agent/src/pms/mssql/connection-failure.js';
import { listen } from '#apps/agent/src/pms/mssql/exact-connection.js';
import { returnBudget } from '#apps/agent/src/pms/mssql/return-value.js';
import { RowReader } from '#apps/agent/src/pms/mssql/row-reader.js';
import { inside, type Token } from '#apps/agent/src/pms/mssql/tedious-seam.js';

/** Nothing was sent; another connection may be tried. */
export class NeverSentError extends Error {}

/** What a statement did to the outermost transaction of its session. */
export type TransactionEvent = 'begun' | 'committed' | 'rolledBack';

const TRANSACTION_EVENTS: Partial<Record<string, TransactionEvent>> = {
  onBeginTransaction: 'begun',
  onCommitTransaction: 'committed',
  onRollbackTransaction: 'rolledBack',
};

const SELECT_COMMAND = 0xc1;
/** How long the server may take to obey a cancel. */
const CANCEL_PATIENCE_MS = 2_000;

export class StatementRun {
  /** In their order. */
  readonly transactions: TransactionEvent[] = [];
  /** It ended well but for the number of open transactions, which it had changed. */
  failedByCountAlone = false;

  private readonly returned = new Map<string, string | null>();
  private returnStatus: number | undefined;
  private rowsAffected = -1;
  private patience: NodeJS.Timeout | undefined;

  /** @param kill ends the connection's session from outside; resolves whatever came of it */
  constructor(
    private readonly connection: Connection,
    private readonly command: PmsCommand,
    private readonly sink: ResultWriter,
    private readonly kill: () => Promise<void>,
  ) {}

  /** @throws as PmsDriver.run; NeverSentError when the connection was already dead */
  async execute(signal: AbortSignal): Promise<PmsOutcome> {
    const parameters = this.bind();
    const sent = sentText(this.command);
    const startedAt = performance.now();
    const error = await this.send(sent, parameters, signal);
    if (signal.aborted) throw signal.reason;
    // Our own reader gave up on the answer.
    if (error instanceof ConduitError) throw error;
    const failure = error === undefined ? undefined : sqlFailure(error);
    this.failedByCountAlone = error !== undefined && isCountMismatch(error);
    if (error !== undefined && failure === undefined) {
      throw wasNeverSent(error) ? new NeverSentError() : connectionLost();
    }
    const returned = returnedParameters(this.command.parameters, this.returned, this.returnStatus);
    return {
      rowsAffected: this.rowsAffected,
      sqlExecutionMs: performance.now() - startedAt,
      ...(returned === undefined ? {} : { parameters: returned }),
      ...(failure === undefined ? {} : { failure }),
    };
  }

  private bind(): BoundParameter[] {
    const collation = inside(this.connection).databaseCollation;
    return bindParameters(this.command.parameters, {
      codepage: collation?.codepage ?? 'utf-8',
      collation: collation?.toBuffer() ?? Buffer.alloc(5),
    });
  }

  /** Resolves when the server has finished with it, to the error it ended with. */
  private async send(
    sent: string,
    parameters: BoundParameter[],
    signal: AbortSignal,
  ): Promise<unknown> {
    const { connection } = this;
    let stop = (): void => {};
    const ended = new Promise<unknown>((resolve) => {
      const request = new Request(sent, (error) => resolve(error ?? undefined));
      for (const { name, type, output } of parameters) {
        request.addParameter(name, type, null, { output });
      }
      request.on('doneProc', (_rowCount, _more, status) => this.noteStatus(status));
      stop = () => this.stop(request);
      this.start(request, parameters.length > 0);
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await ended;
    } finally {
      clearTimeout(this.patience);
      signal.removeEventListener('abort', stop);
      listen(connection, undefined);
    }
  }

  private start(request: Request, hasParameters: boolean): void {
    listen(this.connection, {
      rows: new RowReader(this.sink),
      returned: ({ name, value }) => this.returned.set(name.toLowerCase(), value),
      returnBudget: returnBudget(this.sink.bytesCap),
      done: (token) => this.noteDone(token),
      other: ({ handlerName }) => this.noteTransaction(TRANSACTION_EVENTS[handlerName]),
      pause: () => this.sink.pause(),
    });
    if (this.command.type === 'storedProcedure') this.connection.callProcedure(request);
    else if (hasParameters) this.connection.execSql(request);
    else this.connection.execSqlBatch(request);
  }

  private noteStatus(status: number | undefined): void {
    this.returnStatus = status ?? this.returnStatus;
  }

  private noteTransaction(event: TransactionEvent | undefined): void {
    if (event !== undefined) this.transactions.push(event);
  }

  private noteDone(token: Token): void {
    if (token.rowCount === undefined || token.curCmd === SELECT_COMMAND) return;
    this.rowsAffected = Math.max(0, this.rowsAffected) + token.rowCount;
  }

  private stop(request: Request): void {
    request.cancel();
    this.patience = setTimeout(() => {
      // While the socket is open the session's number can't belong to anyone else.
      void this.kill().finally(() => this.connection.close());
    }, CANCEL_PATIENCE_MS);
  }
}

/** A procedure goes out under the very name that was permitted: what SQL Server might read otherwise is not sent. */
function sentText({ type, text }: PmsCommand): string {
  if (type !== 'storedProcedure') return text;
  const name = quoteProcedureName(text);
  if (name !== undefined) return name;
  throw new ConduitError('REQUEST_INVALID', {
    facts: { field: 'command.text', problem: 'must be the name of a procedure' },
  });
}
