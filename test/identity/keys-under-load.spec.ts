import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { checkout } from '#deploy/dev/programs.js';

const SEALS = 20_000;
const PATIENCE_MS = 40_000;

/** In a process of its own: what is looked for would stop this one for ever. */
const sealing = `
  const { hpkeSeal } = await import('#libs/sealing/hpke.js');
  const { makeEncryptionKey, rawPublicKey } = await import('#libs/pki/keys.js');
  const recipient = rawPublicKey(makeEncryptionKey().publicKey);
  for (let n = 0; n < ${SEALS}; n += 1) hpkeSeal(recipient, Buffer.alloc(8), Buffer.alloc(8));
`;

test(
  'seals as often as it is asked to, whenever garbage is collected meanwhile',
  async () => {
    const words = ['--max-semi-space-size=1', '--input-type=module', '--eval', sealing];
    const child = spawn(process.execPath, words, { cwd: checkout, stdio: 'ignore' });
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    try {
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      clearTimeout(late);
    }
  },
  PATIENCE_MS + 5_000,
);
