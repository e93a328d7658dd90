/**
 * The answer of an async query on its way up: each page is packed and sealed as soon as it is cut and
 * put into the spool, so that the statement ends without waiting for the broker; what may not be read on the
 * way follows in page 0. A failure takes the pages back that have not left.
 */
import type { RunQueryEnd, RunQueryHead } from '#libs/contracts/link-messages.js';
import {
  encodePage,
  maxPagesBehind,
  type PageEncoding,
  type SealedOutcome,
  type SealedPage,
} from '#libs/contracts/result-page.js';
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { sealText } from '#libs/sealing/page-text.js';
import type { ResultSealer } from '#libs/sealing/seal-result.js';
import { FIRST_CHOSEN_NUMBER } from '#apps/agent/src/execution/query-notes.js';
import type { RunningQuery } from '#apps/agent/src/execution/running-query.js';
import type { PageSpool } from '#apps/agent/src/spool/page-spool.js';

export interface UploadOrder {
  running: RunningQuery;
  sealer: ResultSealer;
  spool: PageSpool;
  /** What the broker unpacks; undefined for one that knows nothing of encodings. */
  pageEncoding: PageEncoding | undefined;
  /** Whether column facts were asked for. */
  columns: boolean;
  /** Undefined, or a promise: the next page is not taken from the database before it resolves. */
  pace: () => Promise<void> | undefined;
  /** Milliseconds that it may be kept waiting so altogether: it has to end in its time. */
  mostPaceMs: number;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
}

const OUTCOME_PAGE = 0;

export class SealedUpload {
  readonly reply: StreamedReply;
  /** As the statement's own, unless its pages could not be kept. Rejects when nothing was run. */
  readonly end: Promise<RunQueryEnd>;
  /** Resolves when nothing of it is left here. Never rejects. */
  readonly done: Promise<void>;

  constructor(private readonly order: UploadOrder) {
    const { sealer, signal, spool } = order;
    this.done = spool.over;
    const leave = (): void => spool.abandon();
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    void this.done.then(() => signal.removeEventListener('abort', leave));
    this.end = this.fill();
    // Whoever asks for the end learns of it; the reader of the body does in any case.
    this.end.catch((error: unknown) => spool.fail(toConduitError(error)));
    const head: RunQueryHead = { encoding: 'identity', keyEnvelope: sealer.keyEnvelope };
    const end = async (): Promise<RunQueryEnd> => openEnd(await this.end);
    this.reply = new StreamedReply({ head, body: frames(spool), end });
  }

  /** Ends the statement if it still runs, and what waits to be sent in any case. */
  stop(code: ErrorCode): void {
    this.order.running.stop(code);
    this.order.spool.fail(new ConduitError(code));
  }

  private async fill(): Promise<RunQueryEnd> {
    const { running, spool } = this.order;
    const fault = await this.fillPages().then(() => undefined, toConduitError);
    if (fault !== undefined) running.stop(fault.code);
    const ended = await running.end;
    // The statement may have ended well before the disk refused its last page.
    const isLost = fault !== undefined && ended.status === 'successful';
    const end = isLost ? { ...ended, ...failureOf(fault) } : ended;
    if (end.status !== 'successful') spool.discard();
    spool.close(await this.outcome(end));
    return end;
  }

  private async fillPages(): Promise<void> {
    const { running, sealer, spool, pageEncoding, pace, mostPaceMs } = this.order;
    const { sink } = running;
    let page = 0;
    let rowsStart = 0;
    let pacedMs = 0;
    for await (const text of sink.chunks) {
      const rowsEnd = rowsStart + (sink.rowsOfPages[page] as number) - 1;
      page += 1;
      await spool.put(await sealText(sealer, { page, rowsStart, rowsEnd }, text, pageEncoding));
      rowsStart = rowsEnd + 1;
      const startedAt = performance.now();
      if (pacedMs < mostPaceMs) await pace();
      pacedMs += performance.now() - startedAt;
    }
  }

  private outcome({ error, parameters }: RunQueryEnd): Promise<SealedPage> {
    const { running, sealer, pageEncoding } = this.order;
    const [columns] = running.sink.columnsOfSets;
    const outcome: SealedOutcome = {
      ...(parameters === undefined ? {} : { parameters }),
      ...(this.order.columns && columns !== undefined ? { columns } : {}),
      ...(error === undefined
        ? {}
        : { errorCode: error.errorCode, errorMessage: error.errorMessage }),
    };
    const text = Buffer.from(JSON.stringify(outcome));
    const place = { page: OUTCOME_PAGE, rowsStart: 0, rowsEnd: -1 };
    return sealText(sealer, place, text, pageEncoding);
  }
}

async function* frames(spool: PageSpool): AsyncGenerator<Uint8Array, void, void> {
  for await (const page of spool) yield* encodePage(page, spool.next(maxPagesBehind));
}

function failureOf({ code }: ConduitError): Pick<RunQueryEnd, 'status' | 'error'> {
  const errorMessage = catalogue[code].title;
  return {
    status: 'executionFailed',
    error: { code, errorType: 'haloLink', errorCode: 0, errorMessage },
  };
}

/** What anybody on the way may read of the end. */
function openEnd({ error, parameters: _, columnsOfSets: __, ...end }: RunQueryEnd): RunQueryEnd {
  if (error === undefined) return end;
  const errorCode = Math.min(error.errorCode, FIRST_CHOSEN_NUMBER);
  return { ...end, error: { ...error, errorCode, errorMessage: '' } };
}
