/** Each of the project's own lint rules is seen to bite. */
import { ESLint } from 'eslint';
import { expect, test } from '@jest/globals';

const root = new URL('../..', import.meta.url).pathname;

async function findings(code: string, filePath: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: `${root}test/architecture/eslint.config.js`,
    // Planted files do not exist on disk, so rules that need types are left to `npm run check`.
    overrideConfig: {
      languageOptions: { parserOptions: { projectService: false } },
      rules: {
        '@typescript-eslint/no-floating-promises': 'off',
        '@typescript-eslint/no-misused-promises': 'off',
        '@typescript-eslint/await-thenable': 'off',
      },
    },
  });
  const [result] = await eslint.lintText(code, { filePath: `${root}${filePath}` });
  return (result?.messages ?? []).map(({ ruleId }) => ruleId ?? 'parse');
}

const planted: [title: string, filePath: string, code: string, rule: string][] = [
  [
    'forge makes no keys',
    'libs/pki/planted.ts',
    "import forge from 'node-forge';\nexport const k = forge.pki.rsa.generateKeyPair(2048);",
    'no-restricted-syntax',
  ],
  [
    'forge verifies no chain',
    'libs/pki/planted.ts',
    "import forge from 'node-forge';\nexport const v = forge.pki.verifyCertificateChain;",
    'no-restricted-syntax',
  ],
  [
    'forge speaks no TLS',
    'libs/pki/planted.ts',
    "import forge from 'node-forge';\nexport const t = forge.tls;",
    'no-restricted-syntax',
  ],
  [
    'forge makes no randomness',
    'libs/pki/planted.ts',
    "import forge from 'node-forge';\nexport const r = forge.random.getBytesSync(8);",
    'no-restricted-syntax',
  ],
  [
    'no message is composed from a value',
    'apps/agent/src/planted.ts',
    'export const f = (name: string): Error => new Error(`no ${name}`);',
    'no-restricted-syntax',
  ],
  [
    'bullmq has one home',
    'apps/broker/src/planted.ts',
    "import { Queue } from 'bullmq';\nexport const q = Queue;",
    'no-restricted-imports',
  ],
  [
    'connections to Redis have one home',
    'apps/broker/src/planted.ts',
    "import { Redis } from 'ioredis';\nexport const r = Redis;",
    'no-restricted-imports',
  ],
  [
    'mssql has one home',
    'apps/agent/src/execution/planted.ts',
    "import mssql from 'mssql';\nexport const q = mssql;",
    'no-restricted-imports',
  ],
  [
    'certificates have one home',
    'apps/broker/src/planted.ts',
    "import forge from 'node-forge';\nexport const q = forge;",
    'no-restricted-imports',
  ],
  [
    'the console puts no markup from elsewhere on its pages',
    'apps/console/src/planted.tsx',
    'export const p = (html: string) => <p dangerouslySetInnerHTML={{ __html: html }} />;',
    'no-restricted-syntax',
  ],
  [
    'the console speaks to the broker in one place',
    'apps/console/src/pages/planted.ts',
    "export const answer = fetch('https://example.org');",
    'no-restricted-globals',
  ],
  [
    'the console leaves nothing on a shared computer',
    'apps/console/src/api/planted.ts',
    "export const kept = localStorage.getItem('x');",
    'no-restricted-globals',
  ],
  [
    'hooks are called in the same order each time',
    'apps/console/src/planted.tsx',
    "import { useState } from 'react';\nexport const P = (p: { a: boolean }) => (p.a ? useState(1)[0] : 0);",
    'react-hooks/rules-of-hooks',
  ],
  ['nothing prints past the log', 'apps/broker/src/planted.ts', "console.log('x');", 'no-console'],
];

test.each(planted)(
  '%s',
  async (_title, filePath, code, rule) => {
    expect(await findings(code, filePath)).toContain(rule);
  },
  30_000,
);

test('clean code passes', async () => {
  expect(await findings('export const clean = 1;\n', 'libs/kernel/planted.ts')).toEqual([]);
}, 30_000);
