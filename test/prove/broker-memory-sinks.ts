/**
 * The broker's memory, twice. What the program still holds, by a heap snapshot of V8 and the bytes of
 * every buffer: nothing may be there. And every byte of the process: a run-time does not overwrite what
 * it gives back to itself, nor what it reads requests into, so remnants are told and not judged.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { ChildProgram } from '#deploy/dev/child-program.js';
import { checkout } from '#deploy/dev/programs.js';
import { searchMemory } from '#test/prove/process-memory.js';
import type { Undo } from '#test/prove/process-sinks.js';
import { counted, megabytes, type Looked, type Sink } from '#test/prove/sink.js';
import { searchFolder } from '#test/support/leak-search.js';
import { settle } from '#test/support/settle.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** A folder below that of temporary files. */
export const SNAPSHOT = 'snapshot';
const WITHIN_MS = 180_000;
const UNFINISHED_BYTES = 4_096;

const REMNANTS =
  'No object of the program holds it. It is memory that was given back and that nothing has overwritten yet, or the 64 KB that Node reads requests into, which the next ones overwrite. It goes with them or with the process. The service files keep it from disks: no swap, no crash dumps.';

/** One process of the broker, and where it writes what it holds. */
export interface BrokerProcess {
  program: ChildProgram | undefined;
  snapshot: string;
}

export const snapshotFile = (folder: string, node: string): string =>
  join(folder, SNAPSHOT, node, 'held');

const SERVICE_FILE = 'deploy/systemd/conduit-broker.service';
const OF_MEMORY = /^Environment=(MALLOC_PERTURB_|GLIBC_TUNABLES)=(.+)$/gm;

/** What an installation says to glibc. @throws Error when the service file no longer says it */
function memoryOfService(): Record<string, string> {
  const text = readFileSync(`${checkout}${SERVICE_FILE}`, 'utf8');
  const found = [...text.matchAll(OF_MEMORY)].map(([, name, value]) => [name, value]);
  if (found.length === 0) throw new Error(`${SERVICE_FILE} says nothing of memory`);
  return Object.fromEntries(found) as Record<string, string>;
}

/** As the service file sets it, and with the tidying that a proof asks for. */
export const memoryEnv = (folder: string, node: string): Record<string, string> => ({
  ...memoryOfService(),
  NODE_OPTIONS: `--import ${checkout}dist/test/prove/tidy-memory.js`,
  CONDUIT_PROVE_SNAPSHOT: snapshotFile(folder, node),
});

/** A request whose body never ends: what is there of it rests in the broker until its caller goes. */
async function leaveUnfinished(conduit: TestConduit, marker: string, undo: Undo): Promise<void> {
  const call = request(`${conduit.conduit.apiOrigin}${conduit.queriesPath}/immediate`, {
    method: 'POST',
    ca: readFileSync(conduit.conduit.caFile),
    headers: {
      'ocp-apim-subscription-key': conduit.integrator.subscriptionKey,
      'content-type': 'application/json',
      'content-length': UNFINISHED_BYTES,
      'x-planted': marker,
    },
  });
  call.on('error', () => undefined);
  undo.push(() => call.destroy());
  const text = `{"command":{"text":"SELECT '${marker}`;
  await new Promise((resolve) => call.write(text, resolve));
  // The broker has looked at its sockets since.
  for (let round = 0; round < 3; round += 1) {
    await conduit.call('GET', `/integrator/sites/${conduit.siteId}`);
  }
}

type Processes = () => readonly BrokerProcess[];

export function brokerMemory(conduit: TestConduit, processes: Processes, undo: Undo): Sink {
  return {
    name: 'broker-memory',
    words:
      "every byte of the broker's process, when everything was answered and it had rested (it runs with what the service files say of memory)",
    toldOnly: REMNANTS,
    search: async (markers) => {
      const found = processes().map(({ program }) =>
        searchMemory("the broker's memory", program?.pid ?? -1, markers),
      );
      const unread = found.reduce((sum, { bytesUnread }) => sum + bytesUnread, 0);
      const kept = unread === 0 ? '' : ` (${megabytes(unread)} more are not there to be read)`;
      return {
        leaks: found.flatMap(({ leaks }) => leaks),
        bytesRead: found.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
        what: `${counted(found.length, 'process', 'processes')}${kept}`,
      };
    },
    plant: (marker) => leaveUnfinished(conduit, marker, undo),
  };
}

/** Both what V8 calls its heap and the bytes of buffers, which lie outside of it. */
async function searchHeld(
  { program, snapshot }: BrokerProcess,
  markers: readonly string[],
): Promise<Pick<Looked, 'leaks' | 'bytesRead'>> {
  rmSync(snapshot, { force: true });
  program?.process.kill('SIGUSR2');
  await settle('the snapshot is there', WITHIN_MS, () => existsSync(snapshot) || undefined);
  return searchFolder(join(snapshot, '..'), markers);
}

export function brokerHeap(conduit: TestConduit, processes: Processes, undo: Undo): Sink {
  return {
    name: 'broker-heap',
    words: 'everything that the broker still held then: objects, texts (heap snapshot) and buffers',
    search: async (markers) => {
      const looked: Looked = { leaks: [], bytesRead: 0, what: '' };
      for (const one of processes()) {
        const { leaks, bytesRead } = await searchHeld(one, markers);
        looked.leaks.push(...leaks);
        looked.bytesRead += bytesRead;
      }
      return { ...looked, what: counted(processes().length, 'process', 'processes') };
    },
    plant: (marker) => leaveUnfinished(conduit, marker, undo),
  };
}
