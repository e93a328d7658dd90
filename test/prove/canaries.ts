/**
 * Sends planted words through every door that could carry a patient's data. All words of a run share a
 * middle of random digits, and that is what is searched: one search for them all, and a change of case
 * or a cut at the end hides nothing.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import type { AsyncClient } from '#test/e2e/async-client.fixture.js';
import type { Answer, CallOptions, TestConduit } from '#test/support/start-conduit.js';

const MB = 1024 * 1024;
/** For what takes its time: by then it has happened, or it never will. */
export const WITHIN_MS = 120_000;

/** Registered queries run each second, and a result of some MB has to wait at the practice. */
export const canaryWishes = {
  ceiling: { rawSqlWrites: true },
  site: { limits: { maxExecutionMs: 5_000, minFrequencySeconds: 1 } },
  approval: [
    '--scopes',
    'sql:read,sql:write,procedure:dbo.AddPatient,procedure:dbo.UpdateContact',
    ...['--per-minute', '6000'],
  ],
  brokerEnv: {
    CONDUIT_REGISTERED_MIN_SECONDS: '1',
    CONDUIT_MAX_TRANSIENT_BYTES_EACH: String(2 * MB),
  },
};

/** @param receiver on this machine, signed by an authority of its own */
export const webhookEnv = (receiver: Receiver): Record<string, string> => ({
  CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1',
  CONDUIT_WEBHOOK_CA_FILE: receiver.caFile,
});

type Method = Parameters<TestConduit['call']>[0];

export class Canaries {
  private readonly middle = String(randomInt(10 ** 11, 10 ** 12));
  /** What to search for. */
  readonly needles = [this.middle];
  /** The status of each answer, by what was sent. */
  readonly answers: Record<string, number> = {};
  /** How what was not answered at once ended: its status, or the code of its failure. */
  readonly ended: Record<string, string> = {};
  /** What was sent when the answer gave a marker back, which shows that it went all the way. */
  readonly echoed = new Set<string>();
  /** Of what was answered, with what that was. */
  readonly receipts = new Map<string, string>();

  constructor(private readonly conduit: TestConduit) {}

  /** A new word to plant. */
  mark(purpose: string): string {
    return `Zz${purpose}${this.middle}${randomBytes(3).toString('hex')}`;
  }

  async call(what: string, method: Method, path: string, options?: CallOptions) {
    this.take(what, await this.conduit.call(method, path, options));
  }

  /** Notes an answer, whoever asked for it. */
  take(what: string, answer: Answer): void {
    this.answers[what] = answer.status;
    this.keepReceipt(what, answer);
    this.note(what, answer.body);
  }

  keepReceipt(what: string, { headers }: Answer): void {
    const receipt = headers['conduit-receipt'];
    if (typeof receipt === 'string') this.receipts.set(receipt, what);
  }

  /** Remembers whether an answer gave a marker back, in its words or in its rows. */
  note(what: string, body: unknown): void {
    const { result, data } = body as { result?: { data?: string }; data?: string };
    const rows = Buffer.from(data ?? result?.data ?? '', 'base64').toString();
    if (`${JSON.stringify(body)}${rows}`.includes(this.middle)) this.echoed.add(what);
  }

  /** An async query to its end, whatever that is, and its first page. */
  async follow(client: AsyncClient, what: string, id: string): Promise<void> {
    const view = await client.untilEnded(id, WITHIN_MS);
    this.ended[what] = view.code ?? view.status;
    this.note(what, view);
    const page = await client.get(`${id}/results/1`);
    this.keepReceipt(what, page);
    this.note(what, page.body);
  }

  async query(what: string, command: object, options: CallOptions & { search?: string } = {}) {
    const { search = '', ...rest } = options;
    const path = `${this.conduit.queriesPath}/immediate${search}`;
    await this.call(what, 'POST', path, { body: { command }, ...rest });
  }

  async sendAll(): Promise<void> {
    await this.sendValues();
    await this.sendRows();
    await this.sendFailures();
    await this.sendRefusals();
    await this.sendMalformed();
    await this.sendAround();
    await this.sendStreams();
  }

  private async sendValues(): Promise<void> {
    const parameter = (value: string) => ({ name: '@p', type: 'NVarChar', value });
    await this.query('parameter', {
      text: 'SELECT @p AS v',
      parameters: [parameter(this.mark('Param'))],
    });
    await this.query('literal', { text: `SELECT '${this.mark('Lit')}' AS v` });
    await this.query('comment', { text: `SELECT 1 AS v -- ${this.mark('Comment')}` });
    await this.query(
      'column alias',
      { text: `SELECT 1 AS [${this.mark('Alias')}]` },
      { search: '?columns=true' },
    );
    await this.query('scalar', {
      text: `SELECT '${this.mark('Scalar')}'`,
      executionMode: 'scalar',
    });
    await this.query('parameter name', {
      text: 'SELECT 1 AS v',
      parameters: [{ ...parameter('x'), name: `@${this.mark('Name')}` }],
    });
    await this.query('result over the limit', {
      text: `SELECT REPLICATE(CAST('${this.mark('Large')}' AS varchar(max)), 400000) AS v`,
    });
  }

  private async sendRows(): Promise<void> {
    const text = (name: string, value: string) => ({ name, type: 'NVarChar', value });
    await this.query('row written', {
      text: 'dbo.AddPatient',
      type: 'storedProcedure',
      executionMode: 'nonQuery',
      parameters: [
        text('@Surname', this.mark('Row')),
        { name: '@InternalId', type: 'Int', direction: 'output' },
      ],
    });
    await this.query('row updated', {
      text: 'dbo.UpdateContact',
      type: 'storedProcedure',
      executionMode: 'nonQuery',
      parameters: [
        { name: '@InternalId', type: 'Int', value: '1' },
        { name: '@MobilePhone', type: 'VarChar', value: '0491570006', direction: 'inputOutput' },
        text('@Email', this.mark('Mail')),
      ],
    });
    await this.query('rows read', {
      text: `SELECT p.*, c.EMAIL FROM dbo.Patient p JOIN dbo.PatientContact c
        ON c.INTERNALID = p.INTERNALID WHERE p.SURNAME LIKE 'ZzRow%' OR c.EMAIL LIKE 'ZzMail%'`,
    });
  }

  private async sendFailures(): Promise<void> {
    const failing: [string, string][] = [
      ['RAISERROR', `RAISERROR('${this.mark('Raise')}', 16, 1)`],
      ['THROW', `THROW 50001, '${this.mark('Throw')}', 1`],
      ['conversion', `SELECT CAST('${this.mark('Cast')}' AS int) AS v`],
      ['no such table', `SELECT * FROM dbo.[${this.mark('Table')}]`],
      ['no such column', `SELECT [${this.mark('Column')}] FROM dbo.Patient`],
      ['syntax', `SELECT FROM WHERE ${this.mark('Syntax')} (`],
      [
        'failing write',
        `UPDATE dbo.Patient SET SURNAME = '${this.mark('Write')}${'x'.repeat(60)}' WHERE INTERNALID = 1`,
      ],
      ['killed by its limit', `SELECT '${this.mark('Slow')}' AS v; WAITFOR DELAY '00:00:20'`],
    ];
    for (const [what, text] of failing) {
      await this.query(what, {
        text,
        executionMode: what === 'failing write' ? 'nonQuery' : 'reader',
      });
    }
  }

  private async sendRefusals(): Promise<void> {
    await this.query('procedure not granted', {
      text: `dbo.${this.mark('Proc')}`,
      type: 'storedProcedure',
      parameters: [{ name: '@Surname', type: 'NVarChar', value: this.mark('Refused') }],
    });
    await this.query('escape', { text: `EXEC xp_cmdshell '${this.mark('Escape')}'` });
    await this.query('other database', { text: `SELECT * FROM ${this.mark('Db')}.dbo.Patient` });
    await this.call('no such catalogue', 'POST', `${this.conduit.queriesPath}/immediate`, {
      body: { command: { text: 'SELECT 1 AS v' }, catalogue: this.mark('Cat') },
    });
    await this.query('catalogue of the command', {
      text: 'SELECT 1 AS v',
      catalogue: this.mark('Cat'),
    });
  }

  private async sendMalformed(): Promise<void> {
    const path = `${this.conduit.queriesPath}/immediate`;
    const bodies: [string, string][] = [
      ['unknown field', `{"command":{"text":"SELECT 1"},"${this.mark('Field')}":1}`],
      ['unknown field of the command', `{"command":{"text":"SELECT 1","${this.mark('Field')}":1}}`],
      ['wrong type', `{"command":{"text":{"${this.mark('Deep')}":1}}}`],
      ['wrong word', `{"command":{"text":"SELECT 1","executionMode":"${this.mark('Mode')}"}}`],
      [
        'wrong parameter',
        `{"command":{"text":"SELECT 1","parameters":[{"name":"@p","type":"${this.mark('Type')}"}]}}`,
      ],
      ['cut off', `{"command":{"text":"${this.mark('Cut')}`],
      ['not JSON', this.mark('Plain')],
      ['prototype', `{"__proto__":{"${this.mark('Proto')}":1}}`],
    ];
    for (const [what, raw] of bodies) await this.call(what, 'POST', path, { raw });
  }

  /** What surrounds a body: headers, keys, paths, query strings. */
  private async sendAround(): Promise<void> {
    const body = { command: { text: 'SELECT 1 AS v' } };
    const immediate = `${this.conduit.queriesPath}/immediate`;
    const names = ['accept', 'content-type', 'x-request-id', 'user-agent', 'referer', 'cookie'];
    const more = [
      'authorization',
      'traceparent',
      'idempotency-key',
      'x-forwarded-for',
      'accept-encoding',
    ];
    for (const name of [...names, ...more]) {
      const value = `${name === 'content-type' ? 'text/' : ''}${this.mark('Head')}`;
      await this.call(name, 'POST', immediate, { body, headers: { [name]: value } });
    }
    await this.call('key', 'POST', immediate, { body, key: this.mark('Key') });
    const site = this.conduit.queriesPath.replace(/\/queries$/, '');
    const places: [string, Method, string][] = [
      ['query string', 'POST', `${immediate}?columns=${this.mark('Search')}`],
      ['unknown query string', 'POST', `${immediate}?${this.mark('Search')}=1`],
      ['site', 'GET', `/integrator/sites/${this.mark('Site')}`],
      ['sites', 'GET', `/integrator/sites?name=${this.mark('Site')}`],
      ['query', 'GET', `${site}/queries/${this.mark('Query')}`],
      ['route', 'GET', `/${this.mark('Route')}/%zz`],
      ['pairing', 'POST', `/integrator/pair-site?pairingCode=${this.mark('Code')}`],
      ['operator', 'GET', `/operator/${this.mark('Operator')}`],
    ];
    for (const [what, method, path] of places) {
      await this.call(what, method, path, method === 'POST' ? { body } : {});
    }
  }

  private async sendStreams(): Promise<void> {
    const headers = { accept: 'application/x-ndjson' };
    const streamed = `SELECT '${this.mark('Stream')}' AS v, p.* FROM dbo.Patient p`;
    await this.query('stream', { text: streamed }, { headers });
    const gone = new AbortController();
    const answer = await this.conduit.open('POST', `${this.conduit.queriesPath}/immediate`, {
      headers,
      body: {
        command: {
          text: `SELECT '${this.mark('Gone')}' AS v, a.* FROM dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c`,
        },
      },
      signal: gone.signal,
    });
    this.answers['client that goes away'] = answer.statusCode;
    answer.body.on('error', () => undefined);
    await once(answer.body, 'data');
    gone.abort();
    // Answers only when the agent and the database have got over it.
    await this.query('the next query', { text: `SELECT '${this.mark('Next')}' AS v` });
    await this.conduit.conduit.agent?.stop();
    await this.query('site that is away', { text: `SELECT '${this.mark('Away')}' AS v` });
    await this.conduit.conduit.startAgent();
    await this.conduit.untilAvailability('online');
  }
}
