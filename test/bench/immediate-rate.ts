/** P1: one kilobyte there and back through the whole product, over a bare HTTPS server's echo. */
import { join } from 'node:path';
import { checkout } from '#deploy/dev/programs.js';
import { ChildProgram } from '#deploy/dev/child-program.js';
import { queryTarget, startBenchConduit } from '#test/bench/bench-conduit.js';
import { load, type Target } from '#test/bench/load.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';

const concurrency = 64;
const durationMs = 3_000;
export const kilobyte = JSON.stringify({
  command: { text: `SELECT '${'x'.repeat(960)}' AS filler` },
});

async function startEcho(stateDirectory: string): Promise<{ echo: ChildProgram; port: number }> {
  let port = 0;
  const echo = await ChildProgram.start({
    name: 'The echo server',
    command: process.execPath,
    args: [join(checkout, 'dist/test/bench/https-echo.js'), join(stateDirectory, 'broker')],
    logFile: join(stateDirectory, 'logs', 'echo.log'),
    isReadyLine: (line) => line.startsWith('port '),
    onLine: (line) => {
      if (line.startsWith('port ')) port = Number(line.slice(5));
    },
  });
  return { echo, port };
}

export async function perSecond(target: Target): Promise<number> {
  const result = await load(target, { concurrency, durationMs });
  if (result.refused > 0) throw new Error('the bench was refused: its figures would mean nothing');
  return result.perSecond;
}

export const immediateRate: Scenario = {
  id: 'P1',
  title: '1 KB immediate query, whole product, scripted database, 64 at once',
  bar: '>= 0.30 of a bare node:https echo',
  holds: (figure) => figure >= 0.3,
  async measure(rounds) {
    const test = await startBenchConduit({}, { scripted: true });
    const { echo, port } = await startEcho(test.conduit.options.stateDirectory);
    try {
      const target = queryTarget(test, kilobyte);
      const bare: Target = { ...target, origin: `https://localhost:${port}`, path: '/' };
      const rates = await interleave(
        rounds,
        () => perSecond(target),
        () => perSecond(bare),
      );
      return {
        figure: rates.product / rates.floor,
        unit: 'ratio',
        product: `${rates.product.toFixed(0)} queries/s`,
        floor: `${rates.floor.toFixed(0)} echoes/s`,
      };
    } finally {
      await echo.stop();
      await test.stop();
    }
  },
};
