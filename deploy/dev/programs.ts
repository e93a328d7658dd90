/** Where the built programs are, from the built set-up's own place. */
import { fileURLToPath } from 'node:url';

const built = {
  agent: 'apps/agent/src/main.js',
  broker: 'apps/broker/src/main.js',
  sandbox: 'apps/sandbox/src/main.js',
} as const;

/** The checkout, whether this file runs from dist/ or, under the test runner, from its source. */
export const checkout = fileURLToPath(new URL('../../', import.meta.url)).replace(/dist\/$/, '');

export function programPath(name: keyof typeof built): string {
  return `${checkout}dist/${built[name]}`;
}
