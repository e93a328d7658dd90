/**
 * Builds the console. Promises: every file but index.html carries its hash in its name and lies there
 * compressed too, nothing is inlined (the content security policy allows no inline scripts or styles),
 * and of the widget library's words in thirty languages only the English ones come along.
 */
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const FOREIGN_WORDS =
  /[/\\](?:react-aria|react-aria-components|react-stately)[/\\].*[/\\]intl[/\\].*[/\\](?!en-US)[a-z]{2}-[A-Z]{2}\.m?js$/;

function englishOnly(): Plugin {
  return {
    name: 'english-only',
    enforce: 'pre',
    load: (id) => (FOREIGN_WORDS.test(id) ? 'export default {};' : undefined),
  };
}

/** Served by the `preCompressed` of @fastify/static to browsers that take it, which is all of them. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    async writeBundle({ dir }, bundle) {
      const { readFile, writeFile } = await import('node:fs/promises');
      const names = Object.keys(bundle).filter((name) => /\.(?:js|css|svg)$/.test(name));
      await Promise.all(
        names.map(async (name) => {
          const content = await readFile(`${dir}/${name}`);
          const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
          await writeFile(`${dir}/${name}.br`, await promisify(brotliCompress)(content, quality));
          await writeFile(`${dir}/${name}.gz`, await promisify(gzip)(content));
        }),
      );
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  publicDir: false,
  plugins: [englishOnly(), compressed()],
  // The project's own "imports" name sources under this condition.
  resolve: { conditions: ['source', 'module', 'browser', 'production'] },
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
