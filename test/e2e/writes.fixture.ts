/** Writes under keys, a table that counts them, and what the API says became of them. */
import { randomUUID } from 'node:crypto';
import { approve, pair, registerIntegrator, type DemoIntegrator } from '#deploy/dev/demo.js';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import { settle } from '#test/support/settle.js';
import type { Answer, CallOptions, TestConduit } from '#test/support/start-conduit.js';

export const writeWishes = {
  ceiling: { rawSqlWrites: true },
  approval: ['--scopes', 'sql:read,sql:write,procedure:dbo.AddPatient', '--per-minute', '6000'],
  brokerEnv: { CONDUIT_KEY_RATE_BURST: '5000', CONDUIT_KEY_RATE_PER_SECOND: '1000' },
};

export interface WriteView {
  state: string;
  reason?: string;
  outcome?: { rowsAffected?: number; rows?: number; parameters?: object[]; kept: boolean };
}

export const aKey = (): string => randomUUID();
/** A word that no row holds yet. */
export const aWord = (): string => `Zz${randomUUID()}`;

/** Adds a row with the word; `before` and `after` are T-SQL around it. */
export const adding = (word: string, after = ''): object => ({
  text: `INSERT INTO dbo.ZzOnce (Word) VALUES ('${word}'); ${after}`,
  executionMode: 'nonQuery',
});

export class Writes {
  private constructor(
    readonly conduit: TestConduit,
    private database: ClinicDatabase,
  ) {}

  static async open(conduit: TestConduit): Promise<Writes> {
    const database = await ClinicDatabase.connect(conduit, 'admin');
    await database.query(
      'CREATE TABLE dbo.ZzOnce (Id int IDENTITY PRIMARY KEY, Word varchar(60) NOT NULL)',
    );
    return new Writes(conduit, database);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** After the database was away. */
  async reconnect(): Promise<void> {
    await this.database.close().catch(() => undefined);
    this.database = await ClinicDatabase.connect(this.conduit, 'admin');
  }

  send(
    command: object,
    key?: string,
    { search = '', ...options }: CallOptions & { search?: string } = {},
  ): Promise<Answer> {
    const headers = { ...options.headers, ...(key !== undefined && { 'idempotency-key': key }) };
    return this.conduit.query(command, { maxTimeInQueue: 20_000 }, search, { ...options, headers });
  }

  async find(key: string, options: CallOptions = {}): Promise<WriteView> {
    const path = `/integrator/sites/${this.conduit.siteId}/writes/${encodeURIComponent(key)}`;
    const { status, body } = await this.conduit.call('GET', path, options);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body as WriteView;
  }

  /** Once it is neither under way nor out of sight. */
  settled(key: string): Promise<WriteView> {
    return settle('the write has an end', 20_000, async () => {
      const view = await this.find(key);
      return ['inProgress', 'unknown'].includes(view.state) ? undefined : view;
    });
  }

  async count(word: string): Promise<number> {
    const [row] = await this.database.query(
      `SELECT COUNT(*) AS n FROM dbo.ZzOnce WITH (NOLOCK) WHERE Word = '${word}'`,
    );
    return Number(row?.['n']);
  }

  query(text: string): Promise<Record<string, unknown>[]> {
    return this.database.query(text);
  }

  untilStatementRuns(): Promise<number> {
    return this.database.untilStatementRuns();
  }

  /** Another integrator, paired and permitted. @param words for `approve` */
  async anotherIntegrator(words: string[]): Promise<DemoIntegrator & { grantId: string }> {
    const { conduit } = this.conduit;
    const integrator = await registerIntegrator(conduit, 'Zz Other Integrator');
    await pair(conduit, integrator.subscriptionKey);
    const { grantId } = await approve(conduit, integrator.integratorId, words);
    return { ...integrator, grantId };
  }
}
