/**
 * Planted words in everything that waits: async queries of a site that is away, their results, pages
 * in the agent's spool, registered queries with their names, results and changes. `look` is called
 * while each of them lies where it waits; much of it is gone a moment later.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import type { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { AsyncClient } from '#test/e2e/async-client.fixture.js';
import { WITHIN_MS, type Canaries } from '#test/prove/canaries.js';
import { settle } from '#test/support/settle.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** Repeats beyond what the packing looks back over, so that a page is hardly shorter for it. */
const UNPACKABLE_BYTES = 256 * 1024;
/** No page has more. */
const MOST_UNPACKED_BYTES = 64 * 1024 * 1024;

export type Moment = 'requests wait' | 'results rest' | 'pages are spooled';

const ENDED = ['executionFailed', 'uploadFailed'];
const EVENTS = ['query.succeeded', 'query.failed', 'registered.changed'];

export class WaitingCanaries {
  private readonly client: AsyncClient;
  /** Of the query whose rows hold a marker and stay stored. */
  storedQuery = '';

  constructor(
    private readonly conduit: TestConduit,
    private readonly canaries: Canaries,
    private readonly receiver: Receiver,
    private readonly look: (moment: Moment) => Promise<void>,
  ) {
    this.client = new AsyncClient(conduit);
  }

  private mark(purpose: string): string {
    return this.canaries.mark(purpose);
  }

  async sendAll(): Promise<void> {
    const { conduit } = this;
    const endpoint = { url: this.receiver.url, events: EVENTS, signature: 'standard' };
    await this.post('/integrator/webhooks', endpoint);
    await this.giveBackLater();
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const queries = await this.submitQueries();
    const registered = await this.register();
    await this.look('requests wait');
    await conduit.conduit.startAgent();
    await conduit.untilAvailability('online');
    for (const [what, id] of queries) await this.canaries.follow(this.client, what, id);
    this.storedQuery = queries.get('async parameter') ?? '';
    await this.change(registered);
    await this.look('results rest');
    await this.overflow();
  }

  private async post(path: string, body: object): Promise<string> {
    const answer = await this.conduit.call('POST', path, { body });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return (answer.body as { id: string }).id;
  }

  /** UpdateContact answers the number that it replaces: at most 20 characters, which is a bare marker. */
  private async giveBackLater(): Promise<void> {
    const answer = await this.conduit.query({
      text: `UPDATE dbo.PatientContact SET MOBILEPHONE = '${this.mark('')}', RECORDSTATUS = 1
        WHERE INTERNALID = 1`,
      executionMode: 'nonQuery',
    });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }

  private async submitQueries(): Promise<Map<string, string>> {
    const parameter = (name: string) => ({ name, type: 'NVarChar', value: this.mark('Wait') });
    const commands: Record<string, object> = {
      'async literal': { text: `SELECT '${this.mark('Wait')}' AS v` },
      'async column name': { text: `SELECT 1 AS [${this.mark('Wait')}]` },
      'async parameter': { text: 'SELECT @p AS v', parameters: [parameter('@p')] },
      'async output parameter': {
        text: 'dbo.UpdateContact',
        type: 'storedProcedure',
        executionMode: 'nonQuery',
        parameters: [
          { name: '@InternalId', type: 'Int', value: '1' },
          {
            // What comes back has at most as many characters as what was sent.
            ...{ name: '@MobilePhone', type: 'VarChar', value: '04915700060491570006' },
            direction: 'inputOutput',
          },
          parameter('@Email'),
        ],
      },
      'async write': {
        text: `UPDATE dbo.PatientContact SET EMAIL = @p OUTPUT inserted.EMAIL WHERE INTERNALID = 3`,
        parameters: [parameter('@p')],
      },
      'async RAISERROR': { text: `RAISERROR('${this.mark('Wait')}', 16, 1)` },
      'async conversion': { text: `SELECT CAST('${this.mark('Wait')}' AS int) AS v` },
      'async no such table': { text: `SELECT * FROM dbo.[${this.mark('Wait')}]` },
    };
    const sent = new Map<string, string>();
    for (const [what, command] of Object.entries(commands)) {
      sent.set(what, await this.post(`${this.conduit.queriesPath}/async`, { command }));
    }
    return sent;
  }

  private registeredPath(id = ''): string {
    return `${this.conduit.queriesPath}/registered${id && `/${id}`}`;
  }

  private async register(): Promise<{ id: string; failing: string }> {
    const terms = { registeredQueryType: 'query', frequency: 1, duration: 600 };
    const id = await this.post(this.registeredPath(), {
      ...terms,
      name: this.mark('Name'),
      keyColumns: ['INTERNALID'],
      registerCommand: {
        command: {
          text: `SELECT INTERNALID, SURNAME, @p AS p, '${this.mark('Reg')}' AS l
            FROM dbo.Patient WHERE INTERNALID <= 3 ORDER BY INTERNALID`,
          parameters: [{ name: '@p', type: 'NVarChar', value: this.mark('Reg') }],
        },
      },
    });
    const failing = await this.post(this.registeredPath(), {
      ...terms,
      name: this.mark('Name'),
      registerCommand: { command: { text: `SELECT [${this.mark('Reg')}] FROM dbo.Patient` } },
    });
    return { id, failing };
  }

  /** Gets the result, changes a row under it, gets the change. */
  private async change({ id, failing }: { id: string; failing: string }): Promise<void> {
    const at = this.registeredPath(id);
    const first = await settle('a first result', WITHIN_MS, () => this.found(`${at}/results`));
    this.canaries.note('registered result', first);
    await this.conduit.query({
      text: `UPDATE dbo.Patient SET SURNAME = '${this.mark('Delta')}' WHERE INTERNALID = 2`,
      executionMode: 'nonQuery',
    });
    const { cursor } = first as { cursor: string };
    const changes = await settle('a change', WITHIN_MS, async () => {
      const body = await this.found(`${at}/results?since=${cursor}`);
      return (body as { cursor: string } | undefined)?.cursor === cursor ? undefined : body;
    });
    this.canaries.note('registered change', changes);
    const failed = await settle('a failure', WITHIN_MS, async () => {
      const body = await this.found(this.registeredPath(failing));
      return body && 'lastErrorDetails' in body ? body : undefined;
    });
    this.canaries.note('registered error', { ...failed, name: '' });
    const body = { name: this.mark('Name') };
    const renamed = await this.conduit.call('PATCH', at, { body });
    this.canaries.note('registered name', renamed.body);
  }

  private async found(path: string): Promise<object | undefined> {
    const { status, body } = await this.conduit.call('GET', path);
    return status === 200 ? (body as object) : undefined;
  }

  /** More than the store and the agent's memory take: the rest lies in files. */
  private async overflow(): Promise<void> {
    const value = this.mark('Spool') + randomBytes(UNPACKABLE_BYTES).toString('base64');
    const parameters = [{ name: 'v', type: 'VarChar', value }];
    const text = 'SELECT TOP 60 @v AS v FROM dbo.Patient';
    const submit = () => this.client.submit('', { command: { text, parameters } });
    let id = await submit();
    await settle('pages in files', WITHIN_MS, async () => {
      if (spooled(this.conduit).length > 1) return true;
      const { body } = await this.client.get(id);
      // A busy machine did not make them within the site's limit.
      if (ENDED.includes((body as { status: string }).status)) id = await submit();
      return undefined;
    });
    await this.look('pages are spooled');
    const first = `${this.conduit.queriesPath}/${id}/results/1`;
    this.canaries.note('spooled', await settle('page 1', WITHIN_MS, () => this.found(first)));
    await this.client.remove(id);
  }
}

/** What of these bytes is packed text that nobody has sealed: a search for words would not see it. */
export function unpacked(pages: Iterable<Buffer>): Buffer {
  return Buffer.concat(
    [...pages].map((page) => {
      try {
        return brotliDecompressSync(page, { maxOutputLength: MOST_UNPACKED_BYTES });
      } catch {
        return Buffer.alloc(0);
      }
    }),
  );
}

/** Names of the files that hold pages. */
export function spooled(conduit: TestConduit): string[] {
  return readdirSync(conduit.conduit.path('agent', 'spool'));
}

/** Those of them that have not left while they were read. */
export function spooledPages(conduit: TestConduit): Buffer[] {
  return spooled(conduit).flatMap((name) => {
    try {
      return [readFileSync(conduit.conduit.path('agent', 'spool', name))];
    } catch {
      return [];
    }
  });
}
