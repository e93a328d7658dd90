import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { runCommandLine, type Terminal } from '#apps/agent/src/control/command-line.js';
import {
  controlAddress,
  controlTokenFile,
  preparePlace,
} from '#apps/agent/src/control/control-place.js';
import { ControlServer } from '#apps/agent/src/control/control-server.js';
import { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';
import { consentCommands } from '#apps/agent/src/control/consent-commands.js';
import { approverCommands } from '#apps/agent/src/control/approver-commands.js';
import { auditCommands } from '#apps/agent/src/control/audit-commands.js';
import { permissionCommands } from '#apps/agent/src/control/permission-commands.js';
import { requestCommands } from '#apps/agent/src/control/request-commands.js';
import { serviceCommands } from '#apps/agent/src/control/service-commands.js';
import { setUpCommands } from '#apps/agent/src/control/set-up-commands.js';
import { UpdateWindowBook } from '#apps/agent/src/control/update-window.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import { APractice, aQuery } from '#apps/agent/src/grants/grant.fixture.js';
import { PracticeApprovers } from '#apps/agent/src/grants/practice-approvers.js';
import { PracticeDecisions } from '#apps/agent/src/grants/practice-decisions.js';
import { RevocationInbox } from '#apps/agent/src/grants/revocation-inbox.js';
import type { RegisteredStanding } from '#apps/agent/src/registered/registered-standing.js';
import type { OwnLogStanding } from '#apps/agent/src/witness/cross-checkpoints.js';
import type { ReconciledHere } from '#apps/agent/src/witness/reconcile-here.js';
import type { WitnessStanding } from '#apps/agent/src/witness/cosign-checkpoint.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { aPasskey, type APasskey } from '#libs/grants/passkey.fixture.js';
import { sixWords } from '#libs/grants/six-words.js';
import type { OfferedPasskey, OpenAccessRequest } from '#libs/grants/grant-messages.js';

const openRequest: OpenAccessRequest = {
  accessRequestId: 'request-1',
  siteId: 'site-1',
  siteName: 'Zz Rooms',
  integratorId: 'integrator-1',
  integratorName: 'Zz Software\u001b[2J',
  asked: { scopes: ['sql:read'], catalogues: ['Patients'], purposes: ['PATADMIN'] },
  countries: ['AU'],
  createdAt: '2026-03-01T00:00:00.000Z',
};

class FakeBroker extends BrokerLine {
  readonly attached = true;
  readonly asked: string[] = [];
  refusal: ConduitError | undefined;
  passkeys: OfferedPasskey[] = [];
  updateWindow: object = {};

  override async ask(pattern: string): Promise<object> {
    this.asked.push(pattern);
    if (this.refusal) throw this.refusal;
    if (pattern === brokerPatterns.listAccessRequests) return { requests: [openRequest] };
    if (pattern === brokerPatterns.createPairingCode)
      return { code: 'ABCD-EFGH', siteId: 'site-1', expiresAt: '2026-03-10T00:00:00.000Z' };
    if (pattern === brokerPatterns.listOfferedPasskeys) return { passkeys: this.passkeys };
    if (pattern === brokerPatterns.readUpdateWindow) return this.updateWindow;
    return {};
  }

  override onAttached(): void {}
}

let practice: APractice;
let broker: FakeBroker;
let server: ControlServer;
let registered: RegisteredStanding[];
let witness: WitnessStanding;
let ownLog: OwnLogStanding;
let compared: Omit<ReconciledHere, 'fromMs' | 'toMs'>;

beforeEach(async () => {
  practice = await APractice.open();
  broker = new FakeBroker();
  registered = [];
  witness = {};
  ownLog = { isSound: true, size: 12 };
  compared = {
    matched: 3,
    undelivered: 0,
    pending: 1,
    untold: 0,
    mismatches: [],
    isUnfinished: false,
    size: 9,
  };
  const { store, own, clock, approvers, rules, gate, pauses } = practice;
  const exchange = new GrantExchange(store, broker, own, clock);
  const decisions = new PracticeDecisions({
    ...{ store, exchange, line: broker, approvers, rules, own, clock },
  });
  const { journal } = practice;
  const practiceApprovers = new PracticeApprovers({
    ...{ store, exchange, line: broker, approvers, own, journal, clock },
  });
  const { stateFolder } = practice;
  const consents = await WithdrawnConsents.open({ stateFolder, journal, clock });
  server = new ControlServer(stateFolder, {
    ...{ decisions, store, rules, gate, pauses, consents, line: broker, own, clock },
    approvers: practiceApprovers,
    journalWritable: () => true,
    linkStatus: () => undefined,
    siteStates: () => [],
    registered: () => registered,
    witness: () => witness,
    ownLog: () => ownLog,
    reconcile: { execute: (span) => Promise.resolve({ ...compared, ...span }) },
    updateWindow: await UpdateWindowBook.open(practice.stateFolder, broker),
  });
  await server.listen();
});
afterEach(async () => {
  await server.close();
  practice.close();
});

interface Said {
  code: number;
  out: string;
  err: string;
}

const stateOf = (words: string[]): string[] =>
  words.includes('--state') ? [] : ['--state', practice.stateFolder];

async function say(words: string[], ask?: Terminal['ask']): Promise<Said> {
  const said: Said = { code: -1, out: '', err: '' };
  const commands = {
    ...serviceCommands,
    ...setUpCommands,
    ...requestCommands,
    ...permissionCommands,
    ...approverCommands,
    ...consentCommands,
    ...auditCommands,
  };
  said.code = await runCommandLine(commands, [...words, ...stateOf(words)], {
    out: (line) => void (said.out += `${line}\n`),
    err: (line) => void (said.err += `${line}\n`),
    ask,
  });
  return said;
}

const json = ({ out }: Said): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

describe('the socket', () => {
  test('is for its owner only, and so is the token', () => {
    expect(statSync(controlAddress(practice.stateFolder)).mode & 0o777).toBe(0o600);
    expect(statSync(controlTokenFile(practice.stateFolder)).mode & 0o777).toBe(0o600);
  });

  function raw(options: object, body?: string): Promise<{ status?: number; text: string }> {
    return new Promise((resolve, reject) => {
      const asking = request(
        { socketPath: controlAddress(practice.stateFolder), ...options },
        (response) => {
          let text = '';
          response.on('data', (part: Buffer) => (text += part.toString()));
          response.on('end', () => resolve({ status: response.statusCode, text } as never));
        },
      );
      asking.on('error', reject);
      asking.end(body);
    });
  }

  test('answers nobody without the token', async () => {
    for (const authorization of [undefined, 'Bearer x', 'Bearer '])
      expect(
        await raw({ path: '/status', ...(authorization && { headers: { authorization } }) }),
      ).toMatchObject({ status: 403, text: expect.stringContaining('CONTROL_REFUSED') });
  });

  test('refuses unknown routes, unknown fields, wrong types, no JSON and too much', async () => {
    const token = readFileSync(controlTokenFile(practice.stateFolder), 'utf8');
    const post = async (path: string, body: string): Promise<string> => {
      const headers = { authorization: `Bearer ${token}` };
      const { text } = await raw({ method: 'POST', path, headers }, body);
      return (JSON.parse(text) as { code: string }).code;
    };
    expect(await post('/nowhere', '{}')).toBe('ROUTE_NOT_FOUND');
    expect(await post('/constructor', '{}')).toBe('ROUTE_NOT_FOUND');
    expect(await post('/revocations', '{"grantId":"g","force":true}')).toBe('REQUEST_INVALID');
    expect(await post('/revocations', '{"grantId":7}')).toBe('REQUEST_INVALID');
    expect(await post('/revocations', '[]')).toBe('REQUEST_INVALID');
    expect(await post('/revocations', '{')).toBe('BODY_NOT_JSON');
    expect(await post('/revocations', ' '.repeat(70_000))).toBe('BODY_TOO_LARGE');
    expect(await post('/revocations', '{"grantId":"g"}')).toBe('GRANT_NOT_FOUND');
  });

  test('is not taken over from an agent that runs', async () => {
    const second = new ControlServer(practice.stateFolder, {} as never);
    await expect(second.listen()).rejects.toMatchObject({ code: 'AGENT_ALREADY_RUNNING' });
  });

  test('left behind by a crash is taken over', async () => {
    await server.close();
    writeFileSync(controlAddress(practice.stateFolder), '');
    await server.listen();
    expect((await say(['status'])).code).toBe(0);
  });

  test('is not put into a folder that someone else could have made', async () => {
    const deep = join(mkdtempSync(join(tmpdir(), 'deep-')), 'x'.repeat(120));
    mkdirSync(deep);
    const place = dirname(controlAddress(deep));
    mkdirSync(place, { mode: 0o777 });
    chmodSync(place, 0o777);
    try {
      await expect(preparePlace(deep)).rejects.toMatchObject({ code: 'CONTROL_REFUSED' });
      chmodSync(place, 0o700);
      await expect(preparePlace(deep)).resolves.toBeUndefined();
    } finally {
      rmSync(place, { recursive: true });
      rmSync(dirname(deep), { recursive: true });
    }
  });

  test('has a short path also for a deep state folder', () => {
    const deep = join(tmpdir(), 'x'.repeat(120));
    expect(controlAddress(deep).length).toBeLessThanOrEqual(100);
    expect(controlAddress(deep)).not.toBe(controlAddress(`${deep}y`));
    expect(controlAddress('C:\\state', 'win32')).toMatch(/^\\\\\.\\pipe\\conduit-agent-/);
  });
});

describe('commands with the agent running', () => {
  const aStanding = (n: number, more: Partial<RegisteredStanding> = {}): RegisteredStanding => ({
    ...{ registeredId: `${String(n).padStart(8, '0')}-aaaa`, siteId: 'site-1' },
    ...{ integratorId: `integrator-${n}\u001b[2J`, frequencySeconds: 60, lastRun: 'none' },
    endsAtMs: Date.parse('2026-03-04T00:00:00Z') + n * 1_000,
    ...more,
  });

  test('status tells what the practice paused in its console, apart from the pause of this server', async () => {
    expect((await say(['status'])).out).toMatch(/Paused: +not on this server\n[^ ]/);
    await practice.pauses.put({ revision: 1, everyone: true, integrators: ['integrator-1'] });
    const { out } = await say(['status']);
    expect(out).toContain('in the console: all software, since 2026-');
    expect(out).toContain('in the console: integrator-1, since 2026-');
    expect(json(await say(['status', '--json']))).toMatchObject({
      paused: false,
      pausedInConsole: { integrators: [{ integratorId: 'integrator-1' }] },
    });
  });

  test('status tells of registered queries, those that end first before the others', async () => {
    registered = [
      aStanding(3, { lastRun: 'failed' }),
      aStanding(2, { lastRun: 'unchanged', frequencySeconds: 300 }),
      aStanding(1, { lastRun: 'changed' }),
      aStanding(4),
      aStanding(5, { lastRun: 'changed', stopped: 'GRANT_EXPIRED' }),
      aStanding(6, { endsAtMs: Number.MAX_SAFE_INTEGER }),
    ];
    const { out } = await say(['status']);
    const lines = out.split('\n').map((line) => line.trim());
    const at = lines.indexOf('Registered: 6 queries');
    expect(lines.slice(at + 1, at + 6)).toEqual([
      '00000001 of integrator-1?[2J, every 60 s, ends 2026-03-04T00:00:01.000Z; last run changed the result',
      '00000002 of integrator-2?[2J, every 300 s, ends 2026-03-04T00:00:02.000Z; last run changed nothing',
      '00000003 of integrator-3?[2J, every 60 s, ends 2026-03-04T00:00:03.000Z; last run failed',
      '00000004 of integrator-4?[2J, every 60 s, ends 2026-03-04T00:00:04.000Z; has not run yet',
      '00000005 of integrator-5?[2J, every 60 s, ends 2026-03-04T00:00:05.000Z; stopped: GRANT_EXPIRED',
    ]);
    expect(json(await say(['status', '--json']))['registered']).toHaveLength(6);
  });

  test('status names twenty of many registered queries', async () => {
    registered = Array.from({ length: 23 }, (_, n) => aStanding(n));
    const { out } = await say(['status']);
    expect(out).toContain('Registered: 23 queries');
    expect(out.match(/every 60 s/g)).toHaveLength(20);
    expect(out).toContain('and 3 more');
    registered = [];
    expect((await say(['status'])).out).toContain('Registered: 0 queries');
  });

  test('status tells how things are', async () => {
    await practice.permit();
    const said = await say(['status', '--json']);
    expect(said.code).toBe(0);
    expect(json(said)).toMatchObject({ running: true, attached: true, grantsInForce: 1 });
  });

  test('pair-code and requests show what the broker says, harmlessly', async () => {
    expect((await say(['pair-code'])).out).toContain('ABCD-EFGH');
    expect((await say(['pair-code', '--site', 'site-9'])).code).toBe(1);
    const { out } = await say(['requests']);
    expect(out).toContain('Zz Software');
    expect(out).not.toContain('\u001b');
  });

  test('what the broker says of a failure is shown harmlessly too', async () => {
    broker.refusal = new ConduitError('LINK_REFUSED', {
      facts: { reason: 'Zz\u001b[2J\u009b2J\u2028Signed: yes' },
    });
    const { err } = await say(['pair-code']);
    expect(err).toContain('Zz?[2J?2J?Signed: yes');
    const { out } = await say(['pair-code', '--json']);
    expect(out).not.toMatch(/[\u001b\u009b\u2028]/);
    expect(out).toContain('\\u009b2J\\u2028Signed');
  });

  test('approve shows the permission before it signs', async () => {
    let shownBefore = '';
    const said = await say(['approve', 'request-1', '--rows', '50', '--expires', '90d'], (q) => {
      shownBefore = q;
      return Promise.resolve('yes');
    });
    expect(said.code).toBe(0);
    expect(shownBefore).toContain('yes');
    expect(said.err).toContain('READ ANYTHING');
    expect(said.err).toContain('at most 50 rows');
    expect(said.out).toContain('in force on this server');
    expect(practice.store.all()[0]?.grant.limits.rows).toBe(50);
    expect(broker.asked).toContain(brokerPatterns.publishGrant);
  });

  test('approve signs nothing when the answer is not yes, or nobody can answer', async () => {
    expect((await say(['approve', 'request-1'], () => Promise.resolve('y'))).code).toBe(1);
    expect((await say(['approve', 'request-1'])).code).toBe(2);
    expect(practice.store.all()).toEqual([]);
  });

  test('update-window answers with its exit code, by the clock of the site, and keeps what it heard', async () => {
    const anyTime = await say(['update-window']);
    expect([anyTime.code, anyTime.out]).toEqual([0, expect.stringContaining('at any time')]);
    const { clock } = practice;
    const day = new Date(clock.now()).getUTCDay();
    const window = { timeZone: 'UTC', days: [day === 0 ? 7 : day], from: '00:00', to: '24:00' };
    broker.updateWindow = { window };
    expect((await say(['update-window'])).code).toBe(0);
    clock.advance(86_400_000);
    const outside = await say(['update-window']);
    expect([outside.code, outside.out]).toEqual([1, expect.stringContaining('(UTC); not now')]);
    expect(outside.out).toContain('does not update itself');
    // A broker that says nonsense, or nothing, changes nothing.
    broker.updateWindow = { window: { ...window, timeZone: 'Zz/Nowhere' } };
    expect((await say(['update-window'])).code).toBe(1);
    broker.refusal = new ConduitError('LINK_CLOSED');
    expect((await say(['update-window'])).code).toBe(1);
    expect((await say(['status'])).out).toContain('(UTC); not now');
    const kept = readFileSync(join(practice.stateFolder, 'update-window.json'), 'utf8');
    expect(JSON.parse(kept)).toEqual({ window });
  });

  test('approve takes terms of writes, and shows what they mean', async () => {
    const terms = ['--without-write-journal', '--require-idempotency-key'];
    const said = await say(['approve', 'request-1', ...terms, '--yes']);
    expect(said.code).toBe(0);
    expect(said.err).toContain('nobody may be able to say whether the change was made');
    expect(practice.store.all()[0]?.grant.writes).toEqual({
      journal: 'none',
      callerKey: 'required',
    });
  });

  test('journal-script prints what makes the write journal, for plain names only', async () => {
    const { code, out } = await say(['journal-script', '--database', 'Zz Journal']);
    expect([code, out]).toEqual([0, expect.stringContaining('CREATE DATABASE [Zz Journal]')]);
    const refused = await say(['journal-script', '--schema', 'x]; DROP TABLE y']);
    expect([refused.code, refused.out]).toEqual([2, '']);
  });

  test('approve goes no further than the ceiling', async () => {
    const said = await say(['approve', 'request-1', '--scopes', 'sql:write', '--yes', '--json']);
    expect(said.code).toBe(1);
    expect(json(said)).toMatchObject({ error: { code: 'GRANT_CEILING', reason: 'sql:write' } });
  });

  test('decline says why with a word from the list', async () => {
    expect((await say(['decline', 'request-1', '--reason', 'too-wide'])).code).toBe(0);
    expect((await say(['decline', 'request-1', '--reason', 'ugly'])).code).toBe(2);
  });

  test('pause and resume count at once', async () => {
    const grant = await practice.permit();
    expect((await say(['pause'])).code).toBe(0);
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'SITE_PAUSED' });
    expect((await say(['resume'])).code).toBe(0);
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ allowed: true });
  });

  test('revoke ends the grant, and grants shows it', async () => {
    const grant = await practice.permit();
    expect((await say(['revoke', grant.grantId])).code).toBe(0);
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
    expect((await say(['grants'])).out).toContain('revoked');
    expect(await say(['revoke', 'unknown'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('GRANT_NOT_FOUND'),
    });
  });
});

describe('consent', () => {
  const statement = 'a'.repeat(64);

  test('is withdrawn for one patient, listed, and restored; the journal does not say for whom', async () => {
    await practice.permit();
    await say(['consent', 'declare', '--procedure', 'Syn', '--column', 'internalid']);
    const who = ['--patient', '0004711', '--integrator', 'INTEGRATOR-1'];
    const withdrawn = await say(['consent', 'withdraw', ...who]);
    expect(withdrawn.out).toMatch(/counts from now on[^]*\(1\)[^]*raw SQL can name a patient/);
    expect((await say(['consent', 'withdraw', ...who])).out).toContain('on the list already');
    expect((await say(['consent', 'list'])).out).toMatch(/ 4711 {2}from integrator-1, since 2026/);
    expect(json(await say(['consent', 'restore', ...who, '--json']))).toEqual({ changed: true });
    expect((await say(['consent', 'restore', ...who])).code).toBe(1);
    const { records } = practice.journal;
    const acts = records.map(({ type }) => type);
    expect(acts.slice(-2)).toEqual(['consent.withdrawn', 'consent.restored']);
    expect(JSON.stringify(records)).not.toContain('4711');
  });

  test('says plainly that it stops nothing while nothing is declared', async () => {
    const withdraw = ['consent', 'withdraw', '--patient', '7'];
    const first = await say(withdraw);
    expect([first.code, first.out]).toEqual([0, expect.stringContaining('it stops nothing yet')]);
    expect(first.out).not.toContain('counts from now on');
    await say(['consent', 'declare', '--procedure', 'SynFree', '--no-patients']);
    const second = await say([...withdraw, '--json']);
    expect(json(second)).toEqual({ changed: false, filtered: 0, undeclared: 'run' });
    await say(['consent', 'undeclared', 'refuse']);
    const { out } = await say(['consent', 'withdraw', '--patient', '8']);
    expect(out).toMatch(/counts from now on[^]*Everything else is refused/);
    expect(out).not.toContain('raw SQL');
  });

  test('at a server of several sites asks for one and names them', async () => {
    Object.assign(practice.own, { siteIds: ['site-1', 'site-2'] });
    const withdraw = ['consent', 'withdraw', '--patient', '7'];
    const { code, err } = await say(withdraw);
    expect([code, err]).toEqual([2, expect.stringContaining('--site with site-1 or site-2')]);
    expect((await say([...withdraw, '--site', 'SITE-2'])).code).toBe(0);
    expect((await say(['consent', 'list'])).out).toContain('site site-2');
  });

  test('of an integrator that no permission names is refused, and those there are listed', async () => {
    const withdraw = ['consent', 'withdraw', '--patient', '7', '--integrator'];
    const nobody = await say([...withdraw, 'integrator-1']);
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('ever permitted')]);
    const { grantId } = await practice.permit();
    for (const typed of ['integrator-2', 'integrator', 'not an id']) {
      const { code, err } = await say([...withdraw, typed]);
      expect([code, err]).toEqual([2, expect.stringContaining('there are integrator-1')]);
    }
    expect((await say(['consent', 'list'])).out).toContain('Nobody has withdrawn.');
    // One that has ended may be permitted again.
    await say(['revoke', grantId]);
    expect((await say([...withdraw, 'Integrator-1'])).code).toBe(0);
    const listed = await say(['consent', 'list', '--json']);
    expect(json(listed)['withdrawn']).toMatchObject([{ integratorId: 'integrator-1' }]);
    const restore = ['consent', 'restore', '--patient', '7', '--integrator', 'Integrator-1'];
    expect((await say(restore)).code).toBe(0);
  });

  test('is declared by statement or procedure, with its parameters and columns', async () => {
    const names = ['--parameter', '@PatientId', '--column', 'INTERNALID, Other'];
    await say(['consent', 'declare', '--statement', statement, ...names]);
    await say(['consent', 'declare', '--procedure', '[SynFree]', '--no-patients']);
    await say(['consent', 'undeclared', 'refuse']);
    expect((await say(['consent', 'list'])).out).toBe(
      [
        'Nobody has withdrawn.',
        'Declared:',
        `  statement:${statement}`,
        '    parameters: patientid',
        '    columns: internalid, other',
        '  procedure:dbo.synfree',
        '    holds nothing of patients',
        'Everything else is refused to software from which anybody withdrew.',
        '',
      ].join('\n'),
    );
    expect((await say(['consent', 'forget', '--statement', statement])).code).toBe(0);
    expect((await say(['consent', 'forget', '--statement', statement])).code).toBe(1);
  });

  test.each([
    [[]],
    [['withdraw']],
    [['withdraw', '--patient', 'Zz Smith']],
    [['withdraw', '--patient', '1', '--site', 'elsewhere']],
    [['withdraw', 'more', '--patient', '1']],
    [['declare', '--statement', 'b'.repeat(64)]],
    [['declare', '--procedure', 'Other.dbo.Thing', '--no-patients']],
    [['undeclared', 'perhaps']],
    [['start-over']],
  ])('%j is not understood', async (words) => {
    const { code, err } = await say(['consent', ...words]);
    expect([code, err]).toEqual([2, expect.not.stringContaining('Smith')]);
  });
});

test('the status says how the own log is, and what is wrong with it', async () => {
  const said: [OwnLogStanding, string][] = [
    [ownLog, 'Own log:   12 records signed'],
    [{ isSound: false }, 'Own log:   ALARM: files of it are damaged'],
    [
      { isSound: true, refusedFor: 'fork' },
      'Own log:   ALARM: the broker was told another history',
    ],
  ];
  for (const [standing, line] of said) {
    ownLog = standing;
    expect((await say(['status'])).out).toContain(line);
  }
});

test('the status says that what was kept of the broker’s log was damaged, whatever came since', async () => {
  witness = { size: 7, isDamaged: true };
  const { out } = await say(['status']);
  expect(out).toContain('Audit log: ALARM: what was kept of it could not be read');
  expect(out).toContain('Audit log: 7 records witnessed');
});

describe('comparing records with the broker', () => {
  test('says that they agree, and with a one at its end where they do not', async () => {
    const agreed = await say([
      'audit',
      'reconcile',
      '--since',
      '2026-03-01',
      '--until',
      '2026-03-02',
    ]);
    expect(agreed).toMatchObject({ code: 0, err: '' });
    expect(agreed.out).toContain('From 2026-03-01T00:00:00.000Z to 2026-03-02T00:00:00.000Z');
    expect(agreed.out).toContain('3 agree, 0 came to nothing on both sides, 1 can’t be told yet.');
    const record = {
      ts: '2026-03-01T01:00:00.000Z',
      type: 'query.executed',
      queryId: 'q',
    } as const;
    const agent = { index: 7, text: JSON.stringify(record), record };
    compared.mismatches = [{ kind: 'executed-not-dispatched', queryId: 'q', agent }];
    const differing = await say(['audit', 'reconcile']);
    expect(differing.code).toBe(1);
    expect(differing.out).toContain(
      'WRONG: query q: it came here, and the broker has no record of it',
    );
    expect(differing.out).toContain('  here    7  2026-03-01T01:00:00.000Z  query answered');
  });
});

describe('comparing registered queries with a broker that does not tell of them', () => {
  test('is not called agreement', async () => {
    compared.untold = 2;
    const said = await say(['audit', 'reconcile']);
    expect(said.code).toBe(1);
    expect(said.out).toContain('2 records of registered queries can’t be told');
    expect(said.out).not.toContain('The broker’s records and ours agree.');
  });
});

describe('comparing more records than fit', () => {
  test('is not called agreement', async () => {
    compared.isUnfinished = true;
    const said = await say(['audit', 'reconcile']);
    expect(said.code).toBe(1);
    expect(said.out).toContain('There is more than could be compared');
    expect(said.out).not.toContain('The broker’s records and ours agree.');
  });
});

describe('commands without a running agent', () => {
  beforeEach(() => server.close());

  test('those that need it say so and what to do', async () => {
    const said = await say(['requests']);
    expect(said.code).toBe(1);
    expect(said.err).toContain('AGENT_NOT_RUNNING');
    expect(said.err).toContain('What to do:');
    expect((await say(['status'])).code).toBe(1);
  });

  test('pause works by its file alone', async () => {
    const grant = await practice.permit();
    expect((await say(['pause'])).code).toBe(0);
    await practice.restart();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'SITE_PAUSED' });
  });

  test('revoke is signed and counts when the agent starts', async () => {
    const grant = await practice.permit();
    expect((await say(['revoke', grant.grantId])).code).toBe(0);
    expect((await say(['grants'])).out).toContain('revoked');
    await practice.restart();
    const inbox = new RevocationInbox(practice.stateFolder, practice.store);
    await inbox.start();
    await inbox.stop();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
  });
});

describe('approvers', () => {
  let owner: APasskey;
  let words: string;
  beforeEach(() => {
    owner = aPasskey();
    const { kind: _, approverId: __, addedAt: ___, ...offer } = owner.approver;
    broker.passkeys = [offer];
    words = sixWords(owner.approver);
  });

  test('are admitted by the six words, which are shown to be compared', async () => {
    const asked: string[] = [];
    const said = await say(['approvers', 'add'], (question) => {
      asked.push(question);
      return Promise.resolve(` ${words.toUpperCase()} `);
    });
    expect(said.code).toBe(0);
    expect(said.err).toContain(words);
    expect(said.err).toContain('https://console.example.org');
    expect(asked).toHaveLength(1);
    const { approvers } = json(await say(['approvers', 'list', '--json']));
    expect(approvers).toMatchObject([{ kind: 'ed25519' }, { kind: 'webauthn', words }]);
    expect((await say(['approvers', 'add'])).out).toContain('No passkey is offered');
  });

  test('are not admitted by other words, or by none when nobody is there', async () => {
    const other = ['approvers', 'add', '--words', 'zoo zoo zoo zoo zoo zoo'];
    expect(await say(other)).toMatchObject({ code: 1 });
    expect(await say(['approvers', 'add'])).toMatchObject({ code: 2 });
    expect(practice.approvers.approvers.size).toBe(1);
    expect(await say(['approvers', 'add', '--words', words])).toMatchObject({ code: 0 });
  });

  test('are removed with what they signed, with and without the agent', async () => {
    await practice.approvers.admit(owner.approver);
    const { approverId } = owner.approver;
    const first = await practice.store.admit(owner.sign(practice.grant()), true);
    const said = await say(['approvers', 'remove', approverId]);
    expect(said.out).toContain(first.grantId);
    expect(practice.gate.decide(aQuery(first))).toMatchObject({ code: 'GRANT_REVOKED' });

    await practice.approvers.admit(owner.approver);
    const second = await practice.store.admit(owner.sign(practice.grant()), true);
    await server.close();
    const offline = await say(['approvers', 'remove', approverId, '--json']);
    expect(json(offline)).toEqual({ approverId, ended: [second.grantId] });
    await practice.restart();
    const inbox = new RevocationInbox(practice.stateFolder, practice.store);
    await inbox.start();
    await inbox.stop();
    expect(practice.gate.decide(aQuery(second))).toMatchObject({ code: 'GRANT_REVOKED' });
    expect(practice.approvers.approvers.has(approverId)).toBe(false);
  });

  test('are listed without the agent, and an unknown one is named as such', async () => {
    await server.close();
    const { approvers } = json(await say(['approvers', 'list', '--json']));
    expect(approvers).toMatchObject([{ kind: 'ed25519', name: 'Key of this server' }]);
    expect(await say(['approvers', 'remove', `ap-${'0'.repeat(32)}`])).toMatchObject({ code: 1 });
    expect(await say(['approvers', 'promote'])).toMatchObject({ code: 2 });
    expect(await say(['approvers', 'remove'])).toMatchObject({ code: 2 });
  });
});

describe('the command line', () => {
  test('every command explains itself', async () => {
    const commands = {
      ...serviceCommands,
      ...requestCommands,
      ...permissionCommands,
      ...approverCommands,
    };
    for (const name of Object.keys(commands)) {
      const said = await say([name, '--help']);
      expect([name, said.code]).toEqual([name, 0]);
      expect(said.out).toContain(`Usage: conduit-agent ${name}`);
    }
    expect((await say(['--help'])).out).toContain('pair-code');
  });

  test.each([
    ['an unknown command', ['launch']],
    ['an unknown option', ['grants', '--all']],
    ['a missing argument', ['revoke']],
    ['one argument too many', ['grants', 'x']],
    ['a number that is none', ['approve', 'request-1', '--rows', 'many']],
    ['an address that is not https', ['enrol', 'CE1-X', '--broker', 'http://x']],
  ])('%s ends with 2 and says what to do', async (_what, words) => {
    const said = await say(words);
    expect(said.code).toBe(2);
    expect(said.err).toContain('--help');
  });

  test('a state folder that does not exist is said, not made: a pause must stop something', async () => {
    const folder = join(practice.stateFolder, 'misspelt');
    const said = await say(['pause', '--state', folder, '--json']);
    expect(said.code).toBe(2);
    expect(() => statSync(folder)).toThrow();
  });

  test('an agent that never enrolled is told to', async () => {
    const said = await say(['run']);
    expect(said.code).toBe(1);
    expect(said.err).toContain('AGENT_NOT_ENROLLED');
  });

  test('what was typed is not repeated: it may be a code', async () => {
    const said = await say(['enrol', 'CE1-SECRET', '--brokr', 'CE1-SECRET']);
    expect(said.code).toBe(2);
    expect(said.out + said.err).not.toContain('SECRET');
  });

  test('settings that are not right are named and not kept', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'settings-'));
    try {
      const file = join(folder, 'settings.json');
      writeFileSync(file, JSON.stringify({ sites: [{ siteId: 'no' }] }));
      const words = ['enrol', 'CE1-X', '--broker', 'https://localhost:1', '--config', file];
      const said = await say(words);
      expect(said.code).toBe(1);
      expect(said.err).toContain('sites[0].siteId');
      expect(() => statSync(join(practice.stateFolder, 'agent.json'))).toThrow();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
