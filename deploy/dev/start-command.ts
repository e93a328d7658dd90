/**
 * `npm start` after set-up: runs a whole conduit, shows step by step how an agent is enrolled, an
 * integrator paired and approved, sends one read and one write through the public API, then waits.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError } from '#deploy/dev/child-program.js';
import { banner, rowsTable } from '#deploy/dev/banner.js';
import {
  approve,
  enrolAgent,
  integratorOf,
  pair,
  registerIntegrator,
  registerPractice,
} from '#deploy/dev/demo.js';
import { FirstQueries } from '#deploy/dev/first-queries.js';
import { LocalConduit } from '#deploy/dev/local-conduit.js';
import { checkout } from '#deploy/dev/programs.js';
import { Progress } from '#deploy/dev/progress.js';
import { parseStartOptions, startHelp, type StartOptions } from '#deploy/dev/start-options.js';
import { lockState } from '#deploy/dev/state-lock.js';
import { endStrays, noteChildren } from '#deploy/dev/stray-children.js';

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
  agentStateDirectory: string;
  pms: string;
}

/** @returns the exit code */
export async function startCommand(args: string[]): Promise<number> {
  try {
    const options = parseStartOptions(args);
    if (options === 'help') {
      process.stdout.write(startHelp);
      return 0;
    }
    return await runConduit(options);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return 1;
  }
}

async function runConduit(options: StartOptions): Promise<number> {
  const state = resolve(checkout, options.state);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const unlock = lockState(state);
  const progress = new Progress();
  try {
    endStrays(state);
    if (options.reset) forgetState(state);
    const conduit = new LocalConduit({
      stateDirectory: state,
      apiPort: options.port,
      gatewayPort: options.port + 1,
      ...(options.scale !== undefined && { scale: options.scale }),
      ...(options.pms !== undefined && { pms: options.pms }),
      onProgress: (line) => progress.detail(line),
    });
    const asked = untilAskedToStop();
    let tellFailure: (error: StartError) => void = () => undefined;
    const failed = new Promise<StartError>((tell) => (tellFailure = tell));
    try {
      const ready = bringUp(conduit, progress, options);
      const first = await Promise.race([ready, asked]);
      if (first === 'stop') return 130;
      if (options.once) return 0;
      conduit.onFailure((error) => tellFailure(error));
      process.stdout.write(banner(first));
      const end = await Promise.race([asked, failed]);
      if (end !== 'stop') throw end;
      return 0;
    } finally {
      process.stdout.write('\nStopping …\n');
      await conduit.stop();
    }
  } finally {
    unlock();
  }
}

/** Everything but the lock, which is ours now. */
function forgetState(state: string): void {
  for (const part of ['agent', 'broker', 'sandbox', 'logs', 'dev.json', 'ca.pem']) {
    rmSync(join(state, part), { recursive: true, force: true });
  }
}

function untilAskedToStop(): Promise<'stop'> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop('stop'));
  });
}

async function bringUp(
  conduit: LocalConduit,
  progress: Progress,
  options: StartOptions,
): Promise<DevSummary> {
  const note = (): void => noteChildren(conduit);
  await progress.step('Redis', () => conduit.startRedis());
  await progress.step(options.pms ? 'Practice database (yours)' : 'Sandbox clinic and broker', () =>
    Promise.all([conduit.startPms(), conduit.startBroker()]).finally(note),
  );
  const known = readSummary(conduit);
  const summary = known ?? (await introduce(conduit, progress));
  if (known) {
    conduit.configureAgent(known.siteId);
    await progress.step('Agent attaches, as enrolled before', () => conduit.startAgent());
  }
  note();
  const current = { ...summary, ...addresses(conduit) };
  const integrator = integratorOf(conduit, current.subscriptionKey);
  await progress.step('Site is online for the integrator', () =>
    untilOnline(integrator, current.siteId),
  );
  await tryOut(new FirstQueries(integrator, current.siteId), progress, !options.pms);
  await integrator.close();
  writeFileSync(conduit.path('dev.json'), `${JSON.stringify(current, null, 2)}\n`, { mode: 0o600 });
  return current;
}

function readSummary(conduit: LocalConduit): DevSummary | undefined {
  const file = conduit.path('dev.json');
  if (!existsSync(file) || !conduit.isEnrolled) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as DevSummary;
}

function addresses(conduit: LocalConduit) {
  return {
    integratorUrl: conduit.apiOrigin,
    caFile: conduit.caFile,
    metricsUrl: conduit.metricsUrl,
    docsUrl: `${conduit.apiOrigin}/docs`,
    agentStateDirectory: conduit.agentFolder,
    pms: `${conduit.pms?.server}:${conduit.pms?.port}`,
  };
}

/** First start: enrolment, pairing and approval, each through its real door. */
async function introduce(conduit: LocalConduit, progress: Progress): Promise<DevSummary> {
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
