import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { checkout } from '#deploy/dev/programs.js';
import { exitCodes } from '#test/prove/proof-result.js';
import { places } from '#test/prove/places.js';
import { proveHelp, readProveOptions } from '#test/prove/prove-options.js';

test('both databases are proven when nothing is typed', () => {
  expect(readProveOptions([])).toMatchObject({
    databases: ['postgresql', 'embedded'],
    restSeconds: 30,
  });
});

test('one database and a place can be named', () => {
  const words = ['--database', 'embedded', '--plant', 'logs', '--rest', '0', '--out', '/tmp/x'];
  expect(readProveOptions(words)).toEqual({
    databases: ['embedded'],
    plant: 'logs',
    restSeconds: 0,
    out: '/tmp/x',
  });
});

test('a leak can be asked for in all places', () => {
  expect(readProveOptions(['--plant', 'all'])).toMatchObject({ plant: 'all' });
});

test.each([
  ['--plant', 'log'],
  ['--plant', ''],
  ['--database', 'mysql'],
  ['--rest', '-1'],
  ['--rest', 'soon'],
  ['--rest', '1e9'],
  ['--nothing', 'x'],
])('what makes no sense is refused before anything is started: %s %s', (option, value) => {
  expect(readProveOptions([`${option}=${value}`])).toEqual({ wrong: expect.any(String) });
});

test('the help and the document name every exit code and every place', () => {
  const text = readFileSync(join(checkout, 'docs', 'prove.md'), 'utf8');
  for (const code of Object.values(exitCodes)) {
    expect(proveHelp).toContain(`with ${code} when`);
    expect(text).toContain(`| ${code}         |`);
  }
  for (const place of places) {
    expect(proveHelp).toContain(place);
    expect(text).toContain(`| \`${place}\``);
  }
});
