import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../../../', import.meta.url)).replace(/dist\/$/, '');

/** Where the build puts the console, whether this file runs from dist/ or, under the test runner, from its source. */
export const consoleFolder = `${checkout}dist/console`;
