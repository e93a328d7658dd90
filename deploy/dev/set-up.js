/**
 * What every command needs before the project's own code can run: a recent Node, the dependencies
 * of the lockfile, a Redis server, a build. Plain JavaScript without imports from node_modules,
 * because on a fresh machine there are none yet.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A failure that the user can act on: printed without a stack, exit code 1. */
export class SetUpError extends Error {}

function run(command, args, failure) {
  const { status, stderr, stdout, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  const lastWords = `${stderr ?? ''}${error?.message ?? ''}`
    .trim()
    .split('\n')
    .filter((line) => !/^ +at /.test(line))
    .slice(-25)
    .join('\n');
  throw new SetUpError(`${failure}\n${lastWords}`);
}

export function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetUpError(`Node 20.19 or newer is needed; this is ${process.versions.node}.`);
}

/** Whether node_modules holds what the lockfile names: npm keeps its own account of what it put there. */
function dependenciesAreThere() {
  const account = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(account)) return false;
  const read = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const there = read(account);
  return Object.entries(read(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
}

function installDependencies(say) {
  if (dependenciesAreThere()) return;
  say('Installing dependencies (npm ci, about a minute)');
  run('npm', ['ci', '--no-audit', '--no-fund'], 'npm ci failed:');
}

/** Debian packages, installed when root; otherwise one line that says how to get them. */
export function installDebianPackages(say, packages) {
  const wish = packages.join(' ');
  if (process.getuid?.() !== 0 || !onPath('apt-get')) return false;
  say(`Installing ${wish} from Debian's packages`);
  const options = ['-y', '-qq', '--no-install-recommends'];
  if (
    spawnSync('apt-get', ['install', ...options, ...packages], { stdio: 'ignore' }).status === 0
  ) {
    return true;
  }
  run('apt-get', ['update', '-qq'], 'apt-get update failed:');
  run('apt-get', ['install', ...options, ...packages], `apt-get could not install ${wish}:`);
  return true;
}

function findRedis(say) {
  if (process.env.REDIS_URL || onPath('redis-server')) return;
  if (installDebianPackages(say, ['redis-server'])) return;
  throw new SetUpError(
    'Redis is needed: run "sudo apt-get install redis-server", or set REDIS_URL to a Redis of yours.',
  );
}

/** Changes when any source does. */
function markOf(folders, wanted) {
  const mark = createHash('sha256');
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true }).sort()) {
      if (!wanted.test(`${folder}/${name}`)) continue;
      const { mtimeMs, size } = statSync(join(root, folder, name));
      mark.update(`${folder}/${name} ${mtimeMs} ${size}\n`);
    }
  }
  return mark.digest('hex');
}

/** Files that are up to date stay as they are: a conduit may be running from them. */
function build(say) {
  const folders = JSON.parse(readFileSync(join(root, 'deploy/dev/build.json'), 'utf8')).folders;
  const markFile = join(root, 'dist', '.sources');
  // The console is built by its own builder.
  const mark = markOf(folders, /^(?!apps\/console\/).*\.[jt]s$/);
  if (existsSync(markFile) && readFileSync(markFile, 'utf8') === mark) return;
  say('Building');
  const swc = join(root, 'node_modules', '@swc', 'cli', 'bin', 'swc.js');
  run(
    process.execPath,
    [
      swc,
      ...folders,
      '--out-dir',
      'dist',
      '--config-file',
      'deploy/dev/swc.json',
      '--extensions',
      // The database worker is plain JavaScript: Node itself loads it, also under the test runner.
      '.ts,.js',
      '--ignore',
      '**/*.spec.ts,**/planted/**,apps/console/**',
      '--quiet',
    ],
    'The build failed:',
  );
  writeFileSync(markFile, mark);
}

/**
 * The console's pages, bundled. Built beside its place and put there in one step, so that a broker
 * that is running never serves half of it.
 */
function buildConsole(say) {
  const place = join(root, 'dist', 'console');
  const markFile = join(root, 'dist', '.console-sources');
  const mark = markOf(
    ['apps/console', 'libs/console-api', 'libs/grants'],
    /\.(?:css|html|svg|tsx?)$/,
  );
  if (existsSync(join(place, 'index.html')) && existsSync(markFile)) {
    if (readFileSync(markFile, 'utf8') === mark) return;
  }
  say('Building the console');
  const fresh = join(root, 'dist', `.console-${process.pid}`);
  const old = `${fresh}-old`;
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const words = ['build', '--config', 'apps/console/vite.config.ts', '--logLevel', 'error'];
  try {
    run(process.execPath, [vite, ...words, '--outDir', fresh], 'The console could not be built:');
    if (existsSync(place)) renameSync(place, old);
    renameSync(fresh, place);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(markFile, mark);
}

/**
 * Makes the checkout runnable.
 * @param {(line: string) => void} say receives one line for each slow thing
 * @param {{ redis?: boolean }} needs
 */
export function setUp(say, { redis = true } = {}) {
  checkNode();
  installDependencies(say);
  if (redis) findRedis(say);
  build(say);
  buildConsole(say);
}

/** Runs a command's main function; SetUpErrors are told plainly. */
export async function command(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
