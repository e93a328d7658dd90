/**
 * P6: the p99 of an integrator that asks now and then, beside one that asks as fast as it can at the
 * same site, over its p99 alone. Limits are the product's own; a statement takes 10 ms.
 */
import { join } from 'node:path';
import { approve, pair, registerIntegrator } from '#deploy/dev/demo.js';
import { ChildProgram } from '#deploy/dev/child-program.js';
import { checkout } from '#deploy/dev/programs.js';
import { grantedFreely, queryTarget, startBenchConduit } from '#test/bench/bench-conduit.js';
import { load, type Target } from '#test/bench/load.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';
import type { TestConduit } from '#test/support/start-conduit.js';

const roundMs = 8_000;
const pauseMs = 20;
const body = JSON.stringify({ command: { text: "SELECT 'takes 10 ms' AS filler" } });

/** A process that floods when it is told to, and stops when it is told again. */
class Flooder {
  private flooded: ((line: string) => void) | undefined;
  refused = 0;
  served = 0;

  private program: ChildProgram | undefined;

  static async start(target: Target, logFolder: string): Promise<Flooder> {
    const flooder = new Flooder();
    flooder.program = await ChildProgram.start({
      name: 'The flooder',
      command: process.execPath,
      args: [join(checkout, 'dist/test/bench/flood.js')],
      env: { FLOOD_TARGET: JSON.stringify(target) },
      logFile: join(logFolder, 'flood.log'),
      isReadyLine: (line) => line === 'ready',
      onLine: (line) => flooder.flooded?.(line),
    });
    return flooder;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const flooded = new Promise<string>((resolve) => (this.flooded = resolve));
    this.program?.process.kill('SIGUSR2');
    try {
      return await work();
    } finally {
      this.program?.process.kill('SIGUSR2');
      const [, requests = '0', refused = '0'] = (await flooded).split(' ');
      this.refused += Number(refused);
      this.served += Number(requests) - Number(refused);
    }
  }

  async stop(): Promise<void> {
    await this.program?.stop();
  }
}

async function flooderOf(test: TestConduit): Promise<Flooder> {
  const { conduit } = test;
  const { integratorId, subscriptionKey } = await registerIntegrator(conduit, 'Zz Flooder');
  await pair(conduit, subscriptionKey);
  await approve(conduit, integratorId, grantedFreely);
  const target = queryTarget(test, body, subscriptionKey);
  return Flooder.start(target, join(conduit.options.stateDirectory, 'logs'));
}

export const quietBesideFlood: Scenario = {
  id: 'P6',
  title: 'p99 of a quiet integrator beside one that floods the same site, 64 at once',
  bar: '<= 1.5 of its p99 alone',
  holds: (figure) => figure <= 1.5,
  async measure(rounds) {
    const test = await startBenchConduit({}, { scripted: true, limits: 'own' });
    const flooder = await flooderOf(test);
    try {
      const target = queryTarget(test, body);
      const quiet = async (): Promise<number> => {
        const result = await load(target, { concurrency: 1, durationMs: roundMs, pauseMs });
        if (result.refused > 0) throw new Error('the quiet integrator was refused');
        return result.p99;
      };
      const p99 = await interleave(rounds, () => flooder.during(quiet), quiet);
      return {
        figure: p99.product / p99.floor,
        unit: 'ratio',
        product: `${p99.product.toFixed(1)} ms (flooder: ${flooder.served} served, ${flooder.refused} refused)`,
        floor: `${p99.floor.toFixed(1)} ms`,
      };
    } finally {
      await flooder.stop();
      await test.stop();
    }
  },
};
