/** What programs that run show: command lines, metrics, and what webhooks told. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import type { ChildProgram } from '#deploy/dev/child-program.js';
import { counted, type Sink } from '#test/prove/sink.js';
import { searchBytes } from '#test/support/leak-search.js';

/** Called when a sink's planted programs are no longer needed. */
export type Undo = (() => void)[];

/** Readable by others on the machine, and copied into crash reports. */
export function commandLines(programs: () => (ChildProgram | undefined)[], undo: Undo): Sink {
  const others: ChildProcess[] = [];
  return {
    name: 'command-lines',
    words: 'command lines and environments of broker and agent',
    search: async (markers) => {
      const pids = [...programs(), ...others].map((program) => program?.pid);
      const paths = pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
      const texts = paths.map((path) => [path, readFileSync(path)] as const);
      const leaks = texts.flatMap(([path, text]) => searchBytes(path, text, markers));
      const bytesRead = texts.reduce((sum, [, text]) => sum + text.length, 0);
      return { leaks, bytesRead, what: counted(pids.length, 'process', 'processes') };
    },
    plant: async (marker) => {
      const program = spawn('sleep', ['600'], { env: { ...process.env, PLANTED: marker } });
      await once(program, 'spawn');
      others.push(program);
      undo.push(() => program.kill('SIGKILL'));
    },
  };
}

export function metrics(pages: readonly string[], undo: Undo): Sink {
  const urls = [...pages];
  return {
    name: 'metrics',
    words: 'the metrics that the broker shows to its operators',
    search: async (markers) => {
      const texts = await Promise.all(
        urls.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())),
      );
      const all = Buffer.concat(texts);
      const leaks = searchBytes('the metrics', all, markers);
      return { leaks, bytesRead: all.length, what: counted(urls.length, 'page') };
    },
    plant: async (marker) => {
      const server = await listen(`conduit_planted{about="${marker}"} 1\n`);
      urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      undo.push(() => server.close());
    },
  };
}

async function listen(text: string): Promise<Server> {
  const server = createServer((_, response) => response.end(text));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

export function webhooks(receiver: Receiver): Sink {
  return {
    name: 'webhooks',
    words: 'every webhook that was delivered: address, headers, body',
    search: async (markers) => {
      const texts = receiver.calls.map(({ path, headers, body }) =>
        Buffer.from(`${path} ${JSON.stringify(headers)} ${body.toString()}`),
      );
      const all = Buffer.concat(texts);
      const leaks = searchBytes('a webhook', all, markers);
      return {
        leaks,
        bytesRead: all.length,
        what: counted(texts.length, 'delivery', 'deliveries'),
      };
    },
    plant: async (marker) => {
      const call = request(receiver.url, { method: 'POST', ca: receiver.authority.ca });
      call.end(`{"planted":"${marker}"}`);
      await once(call, 'response');
    },
  };
}
