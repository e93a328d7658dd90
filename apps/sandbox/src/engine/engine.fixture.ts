/** A real engine on a state of its own, and a session that gathers what a request produces. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeType } from './types/tsql-types.js';
import type { SandboxLogin } from './logins.js';
import { startEngine, type SandboxEngine } from './sandbox-engine.js';
import type {
  ColumnDescription,
  ProcedureOutcome,
  ResultSink,
  ServerMessage,
  SqlSession,
  SqlValue,
} from './sql-engine.port.js';

export interface ResultSet {
  columns: ColumnDescription[];
  rows: SqlValue[][];
}

export interface Gathered {
  sets: ResultSet[];
  /** Rows of the first result set. */
  rows: SqlValue[][];
  counts: (number | undefined)[];
  errors: ServerMessage[];
  messages: ServerMessage[];
  events: string[];
  outcome: ProcedureOutcome | undefined;
}

export class GatheringSink implements ResultSink {
  readonly gathered: Gathered = {
    sets: [],
    rows: [],
    counts: [],
    errors: [],
    messages: [],
    events: [],
    outcome: undefined,
  };

  columns(columns: ColumnDescription[]): void {
    const rows: SqlValue[][] = this.gathered.sets.length === 0 ? this.gathered.rows : [];
    this.gathered.sets.push({ columns, rows });
  }

  row(values: SqlValue[]): void {
    this.gathered.sets.at(-1)?.rows.push(values);
  }

  statementDone(done: { rowCount?: number }): void {
    this.gathered.counts.push(done.rowCount);
  }

  message(message: ServerMessage): void {
    (message.class > 10 ? this.gathered.errors : this.gathered.messages).push(message);
  }

  catalogueChanged(from: string, to: string): void {
    this.gathered.events.push(`${from} → ${to}`);
  }

  transactionChanged(event: string): void {
    this.gathered.events.push(event);
  }
}

export async function run(session: SqlSession, sql: string): Promise<Gathered> {
  const sink = new GatheringSink();
  sink.gathered.outcome = await session.batch(sql, sink);
  return sink.gathered;
}

/** Column types as a declaration would write them. */
export function typesOf(gathered: Gathered): string[] {
  return gathered.sets[0]?.columns.map((column) => describeType(column.type)) ?? [];
}

export interface TestEngine {
  engine: SandboxEngine;
  stateDirectory: string;
  session(user?: string, catalogue?: string): Promise<SqlSession>;
  stop(): Promise<void>;
}

export async function startTestEngine(logins: SandboxLogin[] = []): Promise<TestEngine> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'conduit-engine-'));
  const engine = await startEngine({
    stateDirectory,
    catalogues: ['Patients', 'Reference'],
    defaultCatalogue: 'Patients',
    timeZone: 'Australia/Melbourne',
    logins: [{ user: 'sa', password: 'sa', rights: {}, sysadmin: true }, ...logins],
  });
  return {
    engine,
    stateDirectory,
    session: (user = 'sa', catalogue) =>
      engine.login({ user, password: user, catalogue, appName: 'test', hostName: 'here' }),
    async stop() {
      await engine.close();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
}
