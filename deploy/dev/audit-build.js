/**
 * `npm run audit:build [FILE]`: the verifier of audit exports as one file that needs nothing but Node, to be
 * given to whoever wants to check alone.
 */
import { mkdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { build } from 'vite';
import { command, root } from './set-up.js';

await command(async () => {
  const file = resolve(process.argv[2] ?? `${root}dist/conduit-audit-verify.mjs`);
  mkdirSync(dirname(file), { recursive: true });
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    // The project's own "imports" name sources under this condition.
    ssr: { noExternal: true, resolve: { conditions: ['source', 'node'] } },
    build: {
      ssr: `${root}apps/verifier/src/main.ts`,
      outDir: dirname(file),
      emptyOutDir: false,
      // Whoever gets it can read it.
      minify: false,
      target: 'node20',
      rolldownOptions: {
        output: { format: 'es', entryFileNames: basename(file), codeSplitting: false },
      },
    },
  });
  console.log(file);
});
