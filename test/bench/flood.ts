/**
 * One integrator that asks as fast as it can, in a process of its own so that its cost is not the
 * quiet one's. Run as `node flood.js`, with the target as JSON in FLOOD_TARGET; floods from SIGUSR2 to
 * SIGUSR2, and says at each end what it was answered.
 */
import { load, type Target } from '#test/bench/load.js';

const target = JSON.parse(process.env['FLOOD_TARGET'] ?? '{}') as Target;
const concurrency = Number(process.env['FLOOD_CONCURRENCY'] ?? 64);
let isFlooding = false;

process.on('SIGUSR2', () => {
  isFlooding = !isFlooding;
  if (!isFlooding) return;
  void load(target, { concurrency, while: () => isFlooding }).then(({ requests, refused }) =>
    console.log(`flooded ${requests} ${refused}`),
  );
});
process.on('SIGTERM', () => process.exit(0));
setInterval(() => undefined, 60_000);
console.log('ready');
