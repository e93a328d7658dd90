/**
 * P8: from the moment a practice revokes a permission until the statement that runs under it is gone
 * from the database. The practice speaks to its agent as its command line does. The worst of the samples
 * stands for the p99: it is never better.
 */
import { readState } from '#apps/sandbox/src/clinic/clinic-state.js';
import { clinicLogins } from '#apps/sandbox/src/clinic/logins.sql.js';
import { askAgent } from '#apps/agent/src/control/control-client.js';
import { integratorOf } from '#deploy/dev/demo.js';
import { startBenchConduit } from '#test/bench/bench-conduit.js';
import { DirectPms } from '#test/bench/direct-pms.js';
import { median } from '#test/bench/load.js';
import type { Scenario } from '#test/bench/scenario.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** An agent may make so many pairing codes in a row, and each sample needs one. */
const mostSamples = 18;
const lookMs = 5;
const text = `SELECT COUNT_BIG(*) AS n FROM dbo.Patient a CROSS JOIN dbo.Patient b
  CROSS JOIN dbo.Patient c CROSS JOIN dbo.Patient d WHERE a.SURNAME + b.SURNAME <> c.SURNAME`;
const running = `SELECT COUNT(*) AS n FROM sys.dm_exec_requests r
  JOIN sys.dm_exec_sessions s ON s.session_id = r.session_id
  WHERE s.program_name = 'conduit-agent'`;

class RevokedQuery {
  constructor(
    private readonly test: TestConduit,
    private readonly database: DirectPms,
  ) {}

  /** @returns milliseconds from the revocation to an idle database */
  async sample(): Promise<number> {
    const grantId = await this.grantAnew();
    const answer = this.test.query({ text });
    await this.until((statements) => statements > 0, 2);
    const started = performance.now();
    await this.ask('POST /revocations', { grantId });
    await this.until((statements) => statements === 0, 1);
    const tookMs = performance.now() - started;
    const { status } = await answer;
    if (status !== 403) throw new Error('the query did not end by the revocation');
    return tookMs;
  }

  private async grantAnew(): Promise<string> {
    const { integratorId, subscriptionKey } = this.test.integrator;
    const { code } = await this.ask<{ code: string }>('POST /pairing-codes');
    const integrator = integratorOf(this.test.conduit, subscriptionKey);
    await integrator.expect('POST', '/integrator/pair-site', {
      practiceManagementSiteId: '90001',
      practiceManagementName: 'Best Practice',
      pairingCode: code,
    });
    await integrator.close();
    const { requests } = await this.ask<{
      requests: { accessRequestId: string; integratorId: string }[];
    }>('GET /access-requests');
    const accessRequestId = requests.find(
      (one) => one.integratorId === integratorId,
    )?.accessRequestId;
    const choices = { scopes: ['sql:read'], perMinute: 1_000_000 };
    const draft = await this.ask<{ draftId: string }>('POST /drafts', {
      accessRequestId,
      ...choices,
    });
    const signed = await this.ask<{ grantId: string }>('POST /drafts/sign', {
      draftId: draft.draftId,
    });
    return signed.grantId;
  }

  /** Seen so often in a row: the agent's own glance at the database is over by then. */
  private async until(isSo: (statements: number) => boolean, times: number): Promise<void> {
    for (let seen = 0; seen < times;) {
      const [row] = (await this.database.query(running)) as { n: number }[];
      seen = isSo(Number(row?.n)) ? seen + 1 : 0;
      if (seen < times) await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  private ask<Answer>(route: Parameters<typeof askAgent>[1], body: object = {}): Promise<Answer> {
    return askAgent<Answer>(this.test.conduit.agentFolder, route, body);
  }
}

export const revocation: Scenario = {
  id: 'P8',
  title: 'grant revoked, its running statement gone from the database, worst',
  bar: '<= 2 s',
  holds: (figure) => figure <= 2,
  async measure(rounds) {
    const count = Math.min(mostSamples, rounds * 4);
    const test = await startBenchConduit();
    const { pms } = test.conduit;
    const { passwords } = readState(test.conduit.path('sandbox')) ?? {};
    if (!pms || !passwords) throw new Error('the bench needs the sandbox clinic');
    const admin = { user: clinicLogins.admin, password: passwords.admin };
    const database = await DirectPms.connect(pms, admin);
    const revoked = new RevokedQuery(test, database);
    try {
      const samples: number[] = [];
      for (let n = 0; n < count; n += 1) samples.push(await revoked.sample());
      const worst = Math.max(...samples);
      return {
        figure: worst / 1_000,
        unit: 's',
        product: `worst of ${count} ${worst.toFixed(0)} ms, median ${median(samples).toFixed(0)} ms`,
        floor: 'none',
      };
    } finally {
      await database.close();
      await test.stop();
    }
  },
};
