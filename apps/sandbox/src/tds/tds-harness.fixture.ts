/** A TDS server over a scripted engine, and the real `tedious` client against it. */
import { Connection, Request, type ConnectionConfiguration } from 'tedious';

import { selfMadeCertificate } from './certificate.fixture.js';
import { ScriptedEngine } from './scripted-engine.fixture.js';
import { TdsServer, type TdsServerOptions } from './tds-server.js';

let certificate: { key: string; cert: string } | undefined;

export interface Harness {
  engine: ScriptedEngine;
  server: TdsServer;
  port: number;
  log: string[];
}

export async function startTds(options: Partial<TdsServerOptions> = {}): Promise<Harness> {
  certificate ??= selfMadeCertificate();
  const engine = new ScriptedEngine();
  const log: string[] = [];
  const server = new TdsServer(engine, {
    ...certificate,
    log: (event, reason) => log.push(`${event}: ${reason}`),
    ...options,
  });
  const { port } = await server.listen();
  return { engine, server, port, log };
}

export function clientConfiguration(
  port: number,
  options: ConnectionConfiguration['options'] = {},
  credentials: { userName?: string; password?: string } = {},
): ConnectionConfiguration {
  return {
    server: 'localhost',
    authentication: {
      type: 'default',
      options: { userName: 'reader', password: 'right', ...credentials },
    },
    options: { port, encrypt: false, trustServerCertificate: true, ...options },
  };
}

export async function connect(
  port: number,
  options: ConnectionConfiguration['options'] = {},
  credentials: { userName?: string; password?: string } = {},
): Promise<Connection> {
  const connection = new Connection(clientConfiguration(port, options, credentials));
  // A server that goes away makes tedious emit this; tests look at what their request heard.
  connection.on('error', () => undefined);
  await new Promise<void>((resolve, reject) =>
    connection.connect((error) => (error === undefined ? resolve() : reject(error))),
  );
  return connection;
}

export interface Answer {
  rows: unknown[][];
  rowCount: number;
  error:
    (Error & { number?: number; class?: number; state?: number; lineNumber?: number }) | undefined;
  outputs: Record<string, unknown>;
  returnStatus: number | undefined;
  /** One word for each DONE, DONEINPROC, DONEPROC: its kind, row count and MORE bit. */
  dones: string[];
}

/** Runs a request to its end and gathers everything it brought. `execute` chooses how it is sent. */
export function ask(
  connection: Connection,
  sql: string,
  execute: (request: Request) => void = (request) => connection.execSqlBatch(request),
  onRequest: (request: Request) => void = () => undefined,
): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = {
      rows: [],
      rowCount: 0,
      error: undefined,
      outputs: {},
      returnStatus: undefined,
      dones: [],
    };
    const request = new Request(sql, (error, rowCount) => {
      answer.error = (error ?? undefined) as Answer['error'];
      answer.rowCount = rowCount ?? 0;
      resolve(answer);
    });
    request.on('row', (columns: { value: unknown }[]) =>
      answer.rows.push(columns.map((column) => column.value)),
    );
    request.on('returnValue', (name: string, value: unknown) => (answer.outputs[name] = value));
    request.on('done', (count, more) => answer.dones.push(`done ${count} ${more}`));
    request.on('doneInProc', (count, more) => answer.dones.push(`inProc ${count} ${more}`));
    request.on('doneProc', (count, more, status: number) => {
      answer.returnStatus = status;
      answer.dones.push(`proc ${count} ${more}`);
    });
    onRequest(request);
    execute(request);
  });
}

export function closed(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    connection.once('end', () => resolve());
    connection.close();
  });
}
