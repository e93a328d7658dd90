/**
 * `npm run prove`: sends made-up words through a whole conduit, looks for them wherever something
 * could have stayed, and writes a report that a practice can keep. Ends with 0 when nothing was found,
 * every search has shown that it can find, every word had gone all the way, and nothing was left out.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkout } from '#deploy/dev/programs.js';
import { isSandbox } from '#test/e2e/clinic-database.fixture.js';
import { proofReport, type ReportAbout } from '#test/prove/proof-report.js';
import { DATABASE_WORDS, exitCodeOf, exitCodes, placesLeftOut } from '#test/prove/proof-result.js';
import { ConduitProof, type Proof } from '#test/prove/prove-conduit.js';
import {
  proveHelp,
  readProveOptions,
  type DatabaseKind,
  type ProveOptions,
} from '#test/prove/prove-options.js';
import { ProofRoom } from '#test/prove/proof-room.js';

const INTERRUPTED = 130;

// The database's client names an address to TLS, and Node would say so amid the progress.
process.noDeprecation = true;

const began = performance.now();
const say = (line: string): void => {
  const seconds = ((performance.now() - began) / 1_000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${line}\n`);
};

function outputOf(program: string, words: string[]): string | undefined {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync(program, words, { cwd: checkout, encoding: 'utf8', stdio }).trim();
  } catch {
    return undefined;
  }
}

function machine(): string {
  const redis = /v=([\d.]+)/.exec(outputOf('redis-server', ['--version']) ?? '')?.[1];
  const words = [`${process.platform} ${process.arch}`, `Node ${process.versions.node}`];
  return [...words, ...(redis === undefined ? [] : [`Redis ${redis}`])].join(', ');
}

/** What runs at the moment, or is about to. */
let room: Promise<ProofRoom | undefined> = Promise.resolve(undefined);

/** Somebody ends this program: its processes end with it. */
function stopWhenAsked(): void {
  const stop = (): void => {
    say('stopping');
    const closed = room.then((opened) => opened?.close());
    void closed.finally(() => process.exit(INTERRUPTED));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
}

/** @returns undefined where this database cannot run here */
async function prove(database: DatabaseKind, options: ProveOptions): Promise<Proof | undefined> {
  say(`starting a conduit with ${database}`);
  room = ProofRoom.open(database);
  const opened = await room;
  if (!opened) return undefined;
  const { plant, restSeconds } = options;
  try {
    const wishes = { database, restSeconds, say, ...(plant && { plant }) };
    return await new ConduitProof(opened, wishes).execute();
  } finally {
    await opened.close();
    room = Promise.resolve(undefined);
  }
}

function write(about: ReportAbout, out: string): void {
  const folder = resolve(out);
  mkdirSync(folder, { recursive: true });
  const name = `proof-${about.madeAt.toISOString().replaceAll(/[:.]/g, '-')}`;
  const text = proofReport(about);
  writeFileSync(join(folder, `${name}.txt`), text);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(about, null, 2));
  process.stdout.write(`${text}\nKept in ${join(folder, name)}.txt and .json\n`);
}

async function run(options: ProveOptions): Promise<void> {
  const { plant, restSeconds } = options;
  const madeAt = new Date();
  const [proofs, leftOut]: [Proof[], string[]] = [[], []];
  for (const database of options.databases) {
    const proof = await prove(database, options);
    if (proof) proofs.push(proof);
    leftOut.push(
      ...(proof
        ? placesLeftOut(proof)
        : [`${DATABASE_WORDS[database]}: there is no server program`]),
    );
  }
  if (!isSandbox) leftOut.push('What is asked from the console: the clinic is no sandbox');
  const manifest = readFileSync(join(checkout, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const commit = outputOf('git', ['describe', '--always', '--dirty']);
  const tookSeconds = Math.round((performance.now() - began) / 1_000);
  const about = { madeAt, tookSeconds, machine: machine(), restSeconds, proofs, leftOut, version };
  const more = { ...(commit !== undefined && { commit }), ...(plant && { plant }) };
  write({ ...about, ...more }, options.out);
  process.exitCode = exitCodeOf({ proofs, leftOut, ...(plant && { plant }) });
}

const options = readProveOptions(process.argv.slice(2));
if (options === 'help') process.stdout.write(proveHelp);
else if ('wrong' in options) {
  process.stderr.write(`${options.wrong}\n\n${proveHelp}`);
  process.exitCode = exitCodes.misused;
} else {
  stopWhenAsked();
  await run(options);
}
