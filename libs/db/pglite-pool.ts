/**
 * PGlite dressed as the small part of a `pg` pool that Kysely's PostgresDialect uses. PGlite is one
 * session, so connections are handed out one at a time: transactions serialise, and code inside a
 * transaction must use that transaction's handle (a second connection would wait for ever).
 */
import { Worker } from 'node:worker_threads';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';

interface Waiter {
  resolve(reply: WorkerReply): void;
  reject(error: Error): void;
}

interface WorkerReply {
  id?: number;
  opened?: boolean;
  closed?: boolean;
  rows?: Record<string, unknown>[];
  command?: PostgresQueryResult<unknown>['command'];
  rowCount?: number;
  byteFields?: string[];
  error?: { code?: string; message?: string };
}

/** Looks like node-postgres's DatabaseError where callers look: `code` is the SQLSTATE. */
function databaseError(bare: { code?: string; message?: string }): Error {
  return Object.assign(new Error(bare.message ?? 'the embedded database failed'), bare);
}

export class PglitePool implements PostgresPool {
  private readonly waiting = new Map<number, Waiter>();
  private readonly queue: (() => void)[] = [];
  private nextId = 1;
  private lent = false;
  private failure: Error | undefined;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (reply: WorkerReply) => this.settle(reply));
    worker.on('error', (error) => this.fail(error));
    worker.on('exit', () => this.fail(new Error('the embedded database has stopped')));
  }

  /** @param place of the database: a folder, or none for memory, which may begin as a dump's image */
  static async open(place: { directory?: string; image?: string }): Promise<PglitePool> {
    const worker = new Worker(new URL('./pglite-worker.js', import.meta.url), {
      workerData: { directory: place.directory, image: place.image },
      // The parent's flags (a test runner's, a profiler's) are not for this thread.
      execArgv: [],
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (reply: WorkerReply) => {
        worker.off('error', reject);
        if (reply.opened) resolve();
        else reject(databaseError(reply.error ?? {}));
      });
    });
    return new PglitePool(worker);
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.lent) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.lent = true;
    const connection = {
      query: <R>(sql: unknown, params?: readonly unknown[]) =>
        this.query<R>(sql as string, params ?? []),
      release: () => this.release(),
    };
    return connection as PostgresPoolClient;
  }

  /** Waits for what is running, then stops the thread. */
  async end(): Promise<void> {
    if (this.failure) return;
    const connection = await this.connect();
    const exited = new Promise<void>((resolve) => this.worker.once('exit', () => resolve()));
    this.worker.postMessage({ close: true });
    await exited;
    connection.release();
  }

  private query<R>(sql: string, params: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure);
      const id = this.nextId++;
      this.waiting.set(id, {
        resolve: (reply) => resolve(asQueryResult<R>(reply)),
        reject,
      });
      this.worker.postMessage({ id, sql, params });
    });
  }

  private settle(reply: WorkerReply): void {
    if (reply.id === undefined) return;
    const waiter = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (reply.error) waiter?.reject(databaseError(reply.error));
    else waiter?.resolve(reply);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const waiter of this.waiting.values()) waiter.reject(this.failure);
    this.waiting.clear();
  }

  private release(): void {
    const next = this.queue.shift();
    if (next) next();
    else this.lent = false;
  }
}

function asQueryResult<R>(reply: WorkerReply): PostgresQueryResult<R> {
  const rows = reply.rows ?? [];
  for (const field of reply.byteFields ?? []) {
    for (const row of rows) {
      const bytes = row[field];
      // Structured cloning turns the driver's bytes into a plain Uint8Array; pg gives Buffers.
      if (bytes instanceof Uint8Array) {
        row[field] = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      }
    }
  }
  return { rows: rows as R[], rowCount: reply.rowCount ?? 0, command: reply.command ?? 'SELECT' };
}
