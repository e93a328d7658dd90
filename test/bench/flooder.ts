/** A process that floods when it is told to, and stops when it is told again. */
import { join } from 'node:path';
import { ChildProgram } from '#deploy/dev/child-program.js';
import { approve, pair, registerIntegrator } from '#deploy/dev/demo.js';
import { checkout } from '#deploy/dev/programs.js';
import { grantedFreely, queryTarget } from '#test/bench/bench-conduit.js';
import type { Target } from '#test/bench/load.js';
import type { TestConduit } from '#test/support/start-conduit.js';

export class Flooder {
  private flooded: ((line: string) => void) | undefined;
  refused = 0;
  served = 0;

  private program: ChildProgram | undefined;

  private constructor(readonly key: string) {}

  /**
   * An integrator of its own at the same site.
   * @param body of what it sends without end to `path`, below the site's queries
   */
  static async of(test: TestConduit, path: string, body: string): Promise<Flooder> {
    const { conduit } = test;
    const { integratorId, subscriptionKey } = await registerIntegrator(conduit, 'Zz Flooder');
    await pair(conduit, subscriptionKey);
    await approve(conduit, integratorId, grantedFreely);
    const target: Target = {
      ...queryTarget(test, body, subscriptionKey),
      path: `${test.queriesPath}${path}`,
    };
    const flooder = new Flooder(subscriptionKey);
    flooder.program = await ChildProgram.start({
      name: 'The flooder',
      command: process.execPath,
      args: [join(checkout, 'dist/test/bench/flood.js')],
      env: { FLOOD_TARGET: JSON.stringify(target) },
      logFile: join(conduit.options.stateDirectory, 'logs', 'flood.log'),
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
