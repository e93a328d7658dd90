/**
 * From nothing to a conduit that has answered a read and a write: each step through the door that
 * everybody uses, told as it happens. A state that was made before is taken up again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { rowsTable } from '#deploy/dev/banner.js';
import { StartError } from '#deploy/dev/child-program.js';
import {
  approve,
  enrolAgent,
  inviteDemoPeople,
  integratorOf,
  pair,
  registerIntegrator,
  registerPractice,
  type DemoInvitations,
} from '#deploy/dev/demo.js';
import { FirstQueries } from '#deploy/dev/first-queries.js';
import type { LocalConduit } from '#deploy/dev/local-conduit.js';
import type { Progress } from '#deploy/dev/progress.js';
import { replaceFile } from '#deploy/dev/replace-file.js';
import type { StartOptions } from '#deploy/dev/start-options.js';

/** What `.conduit/dev.json` holds for programs that want to talk to this conduit. */
export interface DevSummary {
  integratorUrl: string;
  subscriptionKey: string;
  siteId: string;
  caFile: string;
  integratorId: string;
  practiceId: string;
  grantId: string;
  metricsUrl: string;
  docsUrl: string;
  /** For a browser on this machine. */
  consoleUrl: string;
  /** Links that each make one of the demo people; those of the last start. */
  invitations: DemoInvitations;
  agentStateDirectory: string;
  pms: string;
}

export async function bringUp(
  conduit: LocalConduit,
  progress: Progress,
  options: StartOptions,
): Promise<DevSummary> {
  await progress.step('Redis', () => conduit.startRedis());
  await progress.step(options.pms ? 'Practice database (yours)' : 'Sandbox clinic and broker', () =>
    Promise.all([conduit.startPms(), conduit.startBroker()]),
  );
  const known = readSummary(conduit);
  if (known && known.pms !== pmsName(conduit)) {
    throw new StartError(
      `This state was made with another practice database (${known.pms}). Add --reset to start anew, or name another folder with --state.`,
    );
  }
  const summary = known ?? (await introduce(conduit, progress));
  if (known) {
    conduit.configureAgent(known.siteId);
    await progress.step('Agent attaches, as enrolled before', () => conduit.startAgent());
  }
  const invitations = await progress.step('Operator invites the demo people', () =>
    inviteDemoPeople(conduit, summary),
  );
  const current = { ...summary, ...addresses(conduit), invitations };
  const integrator = integratorOf(conduit, current.subscriptionKey);
  await progress.step('Site is online for the integrator', () =>
    untilOnline(integrator, current.siteId),
  );
  await tryOut(new FirstQueries(integrator, current.siteId), progress, !options.pms);
  await integrator.close();
  replaceFile(conduit.path('dev.json'), `${JSON.stringify(current, null, 2)}\n`);
  return current;
}

function readSummary(conduit: LocalConduit): DevSummary | undefined {
  const file = conduit.path('dev.json');
  if (!existsSync(file) || !conduit.isEnrolled) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as DevSummary;
}

/** The sandbox has another port at each start, so it goes by its name. */
function pmsName({ options, pms }: LocalConduit): string {
  if (options.pms === undefined) return 'sandbox';
  return `${pms?.server}:${pms?.port}/${pms?.catalogues[0]?.database}`;
}

function addresses(conduit: LocalConduit) {
  return {
    integratorUrl: conduit.apiOrigin,
    caFile: conduit.caFile,
    metricsUrl: conduit.metricsUrl,
    docsUrl: `${conduit.apiOrigin}/docs`,
    consoleUrl: `${conduit.consoleOrigin}/console`,
    agentStateDirectory: conduit.agentFolder,
    pms: pmsName(conduit),
  };
}

/** First start: enrolment, pairing and approval, each through its real door. */
async function introduce(
  conduit: LocalConduit,
  progress: Progress,
): Promise<Omit<DevSummary, 'invitations'>> {
  const practice = await progress.step(
    'Operator registers the practice and makes an enrolment code',
    () => registerPractice(conduit, 'Zz Sandbox Clinic'),
  );
  conduit.configureAgent(practice.siteId);
  await progress.step('Agent enrols with the one-time code and attaches', async () => {
    await enrolAgent(conduit, practice.enrolmentCode);
    await conduit.startAgent();
  });
  const integrator = await progress.step('Operator registers a demo integrator with a key', () =>
    registerIntegrator(conduit, 'Demo Integrator'),
  );
  await progress.step('Practice makes a pairing code, integrator redeems it', () =>
    pair(conduit, integrator.subscriptionKey),
  );
  const { grantId } = await progress.step('Practice approves: signed on its server', () =>
    approve(conduit, integrator.integratorId),
  );
  return {
    ...addresses(conduit),
    ...integrator,
    grantId,
    siteId: practice.siteId,
    practiceId: practice.practiceId,
  };
}

async function untilOnline(
  integrator: ReturnType<typeof integratorOf>,
  siteId: string,
): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const site = await integrator.expect<{ availability: string }>(
      'GET',
      `/integrator/sites/${siteId}`,
    );
    if (site.availability === 'online') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new StartError('The site did not come online within ten seconds; see logs/agent.log.');
}

async function tryOut(
  queries: FirstQueries,
  progress: Progress,
  isSandbox: boolean,
): Promise<void> {
  const rows = await progress.step('Integrator reads through the public API', () =>
    queries.read(isSandbox),
  );
  progress.detail(rowsTable(rows));
  if (!isSandbox) {
    progress.detail('The write is shown only on the sandbox clinic.');
    return;
  }
  const booked = await progress.step('Integrator writes: books a free slot', () => queries.book());
  progress.detail(
    `Appointment ${booked.appointmentId} on ${booked.date} with practitioner ${booked.practitionerId}`,
  );
}
