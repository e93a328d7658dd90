/** Approvals by passkey, from the console's draft to the agent's receipt, through a real broker, a real link and the agent's own commands. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { runCommandLine } from '#apps/agent/src/control/command-line.js';
import { approverCommands } from '#apps/agent/src/control/approver-commands.js';
import { permissionCommands } from '#apps/agent/src/control/permission-commands.js';
import { requestCommands } from '#apps/agent/src/control/request-commands.js';
import { GrantGate } from '#apps/agent/src/grants/grant-gate.port.js';
import { DraftGrant, type GrantDraft } from '#apps/broker/src/grants/draft-grant.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { GrantStandings, type GrantStanding } from '#apps/broker/src/grants/grant-standings.js';
import { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { ProposeGrant } from '#apps/broker/src/grants/propose-grant.js';
import { RedeemPairingCode } from '#apps/broker/src/grants/redeem-pairing-code.js';
import type { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import { aPasskey, type APasskey, type Bend } from '#libs/grants/passkey.fixture.js';
import { enrolAgent, startConnectedAgent, type TestAgent } from '#test/identity/agent.fixture.js';
import {
  startTestBroker,
  type TestBroker,
  type TestPractice,
} from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

let broker: TestBroker;
let practice: TestPractice;
let agent: TestAgent;
let stateFolder: string;
let isRunning = true;

const owner = aPasskey();
const partner = aPasskey();
const neighbour = aPasskey();

beforeAll(async () => {
  broker = await startTestBroker();
  await broker.kysely
    .insertInto('integrators')
    .values({
      integrator_id: 'integrator-1',
      name: 'Zz Software',
      purposes: JSON.stringify(['PATADMIN']),
      countries: JSON.stringify(['AU']),
    })
    .execute();
  practice = await broker.practice();
  const other = await broker.practice();
  stateFolder = await enrolAgent(broker, practice);
  agent = await startConnectedAgent(stateFolder);
  await broker.kysely
    .updateTable('sites')
    .set({ catalogues: JSON.stringify([{ name: 'Patients', isDefault: true }]) })
    .execute();
  await hire('owner', practice.practiceId, owner);
  await hire('partner', practice.practiceId, partner);
  await hire('neighbour', other.practiceId, neighbour);
}, 60_000);

afterAll(async () => {
  if (isRunning) await agent.stop(0);
  await rm(stateFolder, { recursive: true, force: true });
  await broker.stop();
});

async function hire(personId: string, practiceId: string, { approver, coseKey }: APasskey) {
  const now = new Date();
  await broker.kysely
    .insertInto('people')
    .values({ person_id: personId, name: `Zz ${personId}`, email: null, updated_at: now })
    .execute();
  await broker.kysely
    .insertInto('person_roles')
    .values({
      person_role_id: randomUUID(),
      person_id: personId,
      role: 'practice-owner',
      practice_id: practiceId,
      integrator_id: null,
      expires_at: null,
      invited_by: 'operator',
    })
    .execute();
  await broker.kysely
    .insertInto('passkeys')
    .values({
      passkey_id: approver.credentialId,
      person_id: personId,
      name: 'Laptop',
      public_key: coseKey,
      spki: Buffer.from(approver.publicKey, 'base64url'),
      algorithm: approver.algorithm,
      counter: 0,
      transports: '[]',
      is_synced: true,
      rp_id: approver.rpId,
      origin: approver.origin,
      last_used_at: null,
    })
    .execute();
}

async function stopAgent(): Promise<void> {
  await agent.stop(0);
  isRunning = false;
}

async function startAgentAgain(): Promise<void> {
  agent = await startConnectedAgent(stateFolder);
  isRunning = true;
}

async function say(...words: string[]): Promise<{ code: number; out: string }> {
  const commands = { ...requestCommands, ...permissionCommands, ...approverCommands };
  let out = '';
  const terminal = { out: (line: string) => void (out += line), err: () => {}, ask: undefined };
  const argv = [...words, '--json', '--state', stateFolder];
  return { code: await runCommandLine(commands, argv, terminal), out };
}

async function command<T>(...words: string[]): Promise<T> {
  const { code, out } = await say(...words);
  expect([words[0], code, code === 0 ? '' : out]).toEqual([words[0], 0, '']);
  return JSON.parse(out) as T;
}

const of = <T>(type: abstract new (...args: never[]) => T): T =>
  broker.app.get(type as never, { strict: false });

const book = () => of(GrantBook).find(practice.siteId, 'integrator-1');
const seqInBook = (): number | undefined => {
  const found = book();
  return found.state === 'active' ? found.grant.seq : undefined;
};
const standings = () => of(GrantStandings).of(practice.practiceId);
const decide = ({ grantId, seq }: Grant): object =>
  agent.app.get(GrantGate, { strict: false }).decide({
    siteId: practice.siteId,
    integratorId: 'integrator-1',
    grantId,
    grantSeq: seq,
    catalogue: 'Patients',
    commandType: 'text',
    executionMode: 'reader',
    text: 'SELECT 1',
  });

async function pair(): Promise<string> {
  const { code } = await command<{ code: string }>('pair-code');
  const made = await of(RedeemPairingCode).execute({
    integratorId: 'integrator-1',
    keyId: 'key-1',
    pmsSiteId: 'ZZ1',
    pmsName: 'Sandbox',
    code,
  });
  return made.accessRequestId;
}

const draftOf = (accessRequestId: string, choices = {}): Promise<GrantDraft> =>
  of(DraftGrant).forRequest(practice.practiceId, accessRequestId, choices);

/** What the browser does with a draft, and what the console does with the answer. */
function propose(
  { document, challenge }: Pick<GrantDraft, 'document' | 'challenge'>,
  by: { personId: string; passkey: APasskey } = { personId: 'owner', passkey: owner },
  bend?: Bend,
): Promise<Grant> {
  const response = by.passkey.assert(Buffer.from(challenge, 'base64url'), bend);
  return of(ProposeGrant).execute({
    practiceId: practice.practiceId,
    personId: by.personId,
    document,
    credential: { id: by.passkey.approver.credentialId, response },
  });
}

const standing = async ({ grantId }: Grant): Promise<GrantStanding | undefined> =>
  (await standings()).find((one) => one.grantId === grantId);

describe('a permission that is approved with a passkey', () => {
  let grant: Grant;
  let requestId: string;

  test('is refused by the server while the passkey is not admitted there, and the console learns why', async () => {
    requestId = await pair();
    const draft = await draftOf(requestId, { scopes: ['sql:read'] });
    expect(draft.lines.join('\n')).toContain('Zz Software');
    grant = await propose(draft);
    expect(await standing(grant)).toMatchObject({
      state: 'refused',
      personId: 'owner',
      next: { refusedCode: 'GRANT_INVALID', refusedReason: 'approver-unknown' },
    });
    expect(book()).toEqual({ state: 'pending' });
    expect(decide(grant)).toMatchObject({ allowed: false });
  });

  test('is in force as soon as somebody has admitted the passkey there, by the same six words', async () => {
    const offered = await of(OfferedApprovers).of(practice.practiceId);
    const shown = offered.find(({ personId }) => personId === 'owner');
    expect(shown?.agents).toEqual([{ agentId: expect.any(String) }]);
    const atServer = await command<{ approvers: { words: string; name: string }[] }>(
      ...['approvers', 'offered'],
    );
    expect(atServer.approvers.map(({ name }) => name)).toEqual([
      'Zz owner, Laptop',
      'Zz partner, Laptop',
    ]);
    await command('approvers', 'add', '--words', shown?.words ?? '');
    await until(() => book().state === 'active');
    expect(decide(grant)).toMatchObject({ allowed: true });
    expect(await standing(grant)).toMatchObject({
      ...{ state: 'active', seq: 1, personId: 'owner', receiptAt: expect.any(String) },
    });
    const [now] = await of(OfferedApprovers).of(practice.practiceId);
    expect(now?.agents[0]?.admittedAt).toBeDefined();
    expect(broker.audit.types()).toEqual(
      expect.arrayContaining(['grant.proposed', 'grant.refused', 'approver.admitted']),
    );
  });

  test('is changed while the server is away: the old one counts until the server has confirmed', async () => {
    await stopAgent();
    const draft = await of(DraftGrant).change(practice.practiceId, grant.grantId, { rows: 500 });
    const changed = await propose(draft);
    expect(await standing(grant)).toMatchObject({
      ...{ state: 'active', seq: 1, next: { seq: 2, state: 'proposed', revokes: false } },
    });
    expect(book()).toMatchObject({ state: 'active', grant: { seq: 1 } });
    await startAgentAgain();
    await until(() => seqInBook() === 2);
    expect(await standing(grant)).toMatchObject({ state: 'active', seq: 2 });
    expect(decide(changed)).toMatchObject({ allowed: true, grant: { limits: { rows: 500 } } });
  });

  test('is ended at the broker at once, and at the server as soon as it is back', async () => {
    await stopAgent();
    const end = await propose(await of(DraftGrant).revocation(practice.practiceId, grant.grantId));
    expect(book()).toEqual({ state: 'revoked' });
    expect(await standing(grant)).toMatchObject({
      ...{ state: 'revoked', seq: 2, next: { seq: 3, state: 'proposed', revokes: true } },
    });
    await startAgentAgain();
    await until(async () => (await standing(grant))?.seq === 3);
    expect(decide(end)).toMatchObject({ code: 'GRANT_REVOKED' });
    expect((await standing(grant))?.next).toBeUndefined();
    await expect(
      of(DraftGrant).change(practice.practiceId, grant.grantId, {}),
    ).rejects.toMatchObject({ code: 'GRANT_CONFLICT' });
  });
});

describe('approvals that cross each other', () => {
  test('of two owners at once the second is told that something changed', async () => {
    const requestId = await pair();
    const [one, two] = await Promise.all([draftOf(requestId), draftOf(requestId)]);
    await stopAgent();
    const granted = await propose(one);
    expect(book()).toEqual({ state: 'pending', waitsFor: 'server' });
    await expect(propose(two, { personId: 'partner', passkey: partner })).rejects.toMatchObject({
      code: 'GRANT_CONFLICT',
    });
    // The same again is no other.
    await expect(propose(one)).resolves.toMatchObject({ grantId: granted.grantId });
    await startAgentAgain();
    await until(() => book().state === 'active');
  });

  test('with a change on the server, and with each other, only the first counts', async () => {
    const [held] = (await standings()).filter(({ state }) => state === 'active');
    const { grantId } = held as GrantStanding;
    const change = (rows: number) => of(DraftGrant).change(practice.practiceId, grantId, { rows });
    const [one, two] = await Promise.all([change(100), change(200)]);
    const requestId = await pair();
    await command('approve', requestId, '--rows', '300', '--yes');
    await expect(propose(one)).rejects.toMatchObject({ code: 'GRANT_CONFLICT' });
    await expect(propose(two)).rejects.toMatchObject({ code: 'GRANT_CONFLICT' });
    expect(book()).toMatchObject({ state: 'active', grant: { limits: { rows: 300 } } });
  });

  test('with an approval on the server at the same moment, one counts at both ends and the other is told', async () => {
    const [held] = (await standings()).filter(({ state }) => state === 'active');
    const { grantId, seq } = held as GrantStanding;
    const draft = await of(DraftGrant).change(practice.practiceId, grantId, { rows: 100 });
    const requestId = await pair();
    // What is asked for on top doesn't widen what is in force.
    expect((await draftOf(requestId)).grant.limits).toMatchObject({ rows: 300 });
    expect((await draftOf(requestId, { rows: 900 })).grant.limits).toMatchObject({ rows: 900 });
    const [, server] = await Promise.all([
      propose(draft).catch((error: ConduitError) => expect(error.code).toBe('GRANT_CONFLICT')),
      say('approve', requestId, '--rows', '400', '--yes'),
    ]);
    if (server.code !== 0) expect(server.out).toMatch(/GRANT_CONFLICT|seq-taken/);
    await until(async () => {
      const now = (await standings()).find((one) => one.grantId === grantId);
      return (now?.seq ?? 0) > seq && now?.next === undefined && seqInBook() === now?.seq;
    });
    const lookup = book();
    const counting = lookup.state === 'active' ? lookup.grant : undefined;
    expect(decide(counting as Grant)).toMatchObject({ allowed: true, grant: counting });
  });
});

describe('what the console cannot bring about', () => {
  let draft: GrantDraft;
  beforeAll(async () => {
    const [held] = (await standings()).filter(({ state }) => state === 'active');
    draft = await of(DraftGrant).change(practice.practiceId, (held as GrantStanding).grantId, {});
  });

  const refusal = (reason: string) => ({ code: 'GRANT_INVALID', facts: { reason } });

  test.each<[string, string, APasskey, Bend, string]>([
    ["by another person's passkey", 'partner', owner, {}, 'approver-unknown'],
    ['by a passkey of another practice', 'neighbour', neighbour, {}, 'approver-unknown'],
    ['by a passkey that nobody has', 'owner', aPasskey(), {}, 'approver-unknown'],
    ['over another action', 'owner', owner, { challenge: 'AAAA' }, 'challenge-wrong'],
    ['on another page', 'owner', owner, { origin: 'https://console.example.net' }, 'origin-wrong'],
    ['for another RP', 'owner', owner, { rpId: 'example.org' }, 'rp-wrong'],
    ['without proof of who it was', 'owner', owner, { flags: 1 }, 'user-not-verified'],
  ])('an approval %s', async (_what, personId, passkey, bend, reason) => {
    await expect(propose(draft, { personId, passkey }, bend)).rejects.toMatchObject(
      refusal(reason),
    );
  });

  test('a document for another practice, for a site of another, or for another agent', async () => {
    const grant = JSON.parse(draft.document) as Grant;
    const bent = (changes: Partial<Grant>) => {
      const [approval] = owner.sign({ ...grant, ...changes }).approvals;
      const { document } = owner.sign({ ...grant, ...changes });
      return of(ProposeGrant).execute({
        ...{ practiceId: practice.practiceId, personId: 'owner', document },
        credential: { id: owner.approver.credentialId, response: approval as never },
      });
    };
    await expect(bent({ practiceId: 'practice-2' })).rejects.toMatchObject(refusal('practice'));
    await expect(bent({ siteIds: [randomUUID()] })).rejects.toMatchObject({
      code: 'SITE_NOT_FOUND',
    });
    const agentKeyThumbprints = ['A'.repeat(43)];
    await expect(bent({ agentKeyThumbprints })).rejects.toMatchObject(refusal('agent'));
  });

  test("more than the server's ceiling: it is not drafted, and what was signed before waits for the ceiling", async () => {
    const [held] = (await standings()).filter(({ state }) => state === 'active');
    const { grantId } = held as GrantStanding;
    const change = (scopes: string[]) =>
      of(DraftGrant).change(practice.practiceId, grantId, { scopes });
    await expect(change(['sql:write'])).rejects.toMatchObject({ code: 'GRANT_CEILING' });
    const ceiling = join(stateFolder, 'ceiling.json');
    const narrow = await change(['sql:read', 'procedure:Book']);
    await stopAgent();
    await writeFile(ceiling, JSON.stringify({ procedures: false }));
    await propose(narrow);
    await startAgentAgain();
    await until(async () => (await standings()).some(({ next }) => next?.state === 'refused'));
    expect((await standings()).find((one) => one.grantId === grantId)?.next).toMatchObject({
      refusedCode: 'GRANT_CEILING',
      refusedReason: 'procedure',
    });
    await rm(ceiling);
    await until(async () =>
      (await standings()).some(({ grant }) => grant.scopes.includes('procedure:Book')),
    );
  });
});

describe('a passkey that is removed on the server', () => {
  test('ends what it approved at both ends', async () => {
    const [held] = (await standings()).filter(({ state }) => state === 'active');
    const { grantId } = held as GrantStanding;
    const removed = await command<{ ended: string[] }>(
      ...['approvers', 'remove', owner.approver.approverId],
    );
    expect(removed.ended).toContain(grantId);
    await until(() => book().state === 'revoked');
    await until(async () => {
      const [first] = await of(OfferedApprovers).of(practice.practiceId);
      return first?.agents[0]?.admittedAt === undefined;
    });
  });
});
