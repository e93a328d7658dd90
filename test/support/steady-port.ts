/** Ports for programs that tests start again at the same place. */
import { randomInt } from 'node:crypto';
import { isFree } from '#deploy/dev/local-conduit.js';

/**
 * Below those that the system gives to connections, and not one that browsers refuse: what a program has left stays
 * free until it is back, whatever else goes on beside it.
 */
const [FIRST, LAST] = [12_000, 32_000];

export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (await isFree(port)) return port;
  }
}
