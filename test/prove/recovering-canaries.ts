/**
 * Planted words in what goes wrong and is taken up again: a write that is sent twice, a query that
 * waits too long, one that runs too long, and everything that is under way when the agent or the
 * broker is killed with no chance to tidy up.
 */
import { randomUUID } from 'node:crypto';
import { AsyncClient } from '#test/e2e/async-client.fixture.js';
import { ClinicDatabase } from '#test/e2e/clinic-database.fixture.js';
import { WITHIN_MS, type Canaries } from '#test/prove/canaries.js';
import { settle } from '#test/support/settle.js';
import type { Answer, TestConduit } from '#test/support/start-conduit.js';

/** Less than the site's limit: time to be killed in. */
const LASTING = "WAITFOR DELAY '00:00:02';";

export class RecoveringCanaries {
  private readonly client: AsyncClient;

  constructor(
    private readonly conduit: TestConduit,
    private readonly canaries: Canaries,
  ) {
    this.client = new AsyncClient(conduit);
  }

  async sendAll(): Promise<void> {
    await this.sendTwice();
    await this.killAgent();
    await this.killBroker();
    await this.killBrokerWhileWaiting();
  }

  private write(before = ''): object {
    const value = this.canaries.mark('Again');
    return {
      text: `${before} UPDATE dbo.PatientContact SET EMAIL = @p OUTPUT inserted.EMAIL WHERE INTERNALID = 4`,
      parameters: [{ name: '@p', type: 'NVarChar', value }],
    };
  }

  private send(command: object, key: string): Promise<Answer> {
    const headers = { 'idempotency-key': key };
    return this.conduit.query(command, { maxTimeInQueue: 20_000 }, '', { headers });
  }

  /** Its caller has not heard the first answer, as far as anybody knows. */
  private async sendTwice(): Promise<void> {
    const [command, key] = [this.write(), randomUUID()];
    for (const what of ['write under a key', 'write sent again']) {
      this.canaries.take(what, await this.send(command, key));
    }
  }

  /** Sends until there is an answer that says how it ended. */
  private async sendOn(what: string, command: object, key: string): Promise<void> {
    const answer = await settle(what, WITHIN_MS, async () => {
      const found = await this.send(command, key).catch(() => undefined);
      return found === undefined || found.status >= 500 || found.status === 409 ? undefined : found;
    });
    this.canaries.take(what, answer);
  }

  private async killAgent(): Promise<void> {
    const { conduit } = this.conduit;
    await this.killAtWork(
      'agent',
      async () => conduit.agent?.kill(),
      () => conduit.startAgent(),
    );
  }

  private async killBroker(): Promise<void> {
    const { conduit } = this.conduit;
    await this.killAtWork(
      'broker',
      async () => conduit.broker?.kill(),
      () => conduit.startBroker(),
    );
  }

  private async killAtWork(
    name: string,
    kill: () => Promise<void>,
    start: () => Promise<unknown>,
  ): Promise<void> {
    const [command, key] = [this.write(LASTING), randomUUID()];
    const id = await this.client.submit(`${LASTING} SELECT '${this.canaries.mark('Cut')}' AS v`);
    await this.whileItRuns(command, key, kill);
    await start();
    await this.conduit.untilAvailability('online', WITHIN_MS);
    await this.sendOn(`write whose ${name} was killed`, command, key);
    await this.canaries.follow(this.client, `async query whose ${name} was killed`, id);
  }

  /** Strikes when the database is at work on it; the answer is whatever it is. */
  private async whileItRuns(command: object, key: string, strike: () => Promise<void>) {
    const database = await ClinicDatabase.connect(this.conduit, 'admin');
    const answer = this.send(command, key).catch(() => undefined);
    await database.untilStatementRuns();
    await database.close();
    await strike();
    await answer;
  }

  /** One request outlives its broker and is answered; another has waited too long by then. */
  private async killBrokerWhileWaiting(): Promise<void> {
    const { conduit } = this.conduit;
    await conduit.agent?.stop();
    await this.conduit.untilAvailability('offline', WITHIN_MS);
    const text = () => `SELECT '${this.canaries.mark('Wait')}' AS v`;
    const late = await this.client.submit(text(), { maxTimeInQueue: 1_000 });
    const lasting = `SELECT '${this.canaries.mark('Long')}' AS v; WAITFOR DELAY '00:00:20'`;
    const ids = [await this.client.submit(text()), await this.client.submit(lasting)] as const;
    await conduit.broker?.kill();
    await conduit.startBroker();
    await this.canaries.follow(this.client, 'async query that waited too long', late);
    await conduit.startAgent();
    await this.conduit.untilAvailability('online', WITHIN_MS);
    await this.canaries.follow(
      this.client,
      'async query that waited while the broker was killed',
      ids[0],
    );
    await this.canaries.follow(this.client, 'async query that ran too long', ids[1]);
  }
}
