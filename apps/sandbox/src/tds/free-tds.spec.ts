/** FreeTDS: a client that we did not write, and that is not tedious. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { resultSet } from './scripted-engine.fixture.js';
import { startTds, type Harness } from './tds-harness.fixture.js';

const TSQL = '/usr/bin/tsql';
const isInstalled = existsSync(TSQL);
if (!isInstalled) {
  process.stderr.write(
    `WARNING: ${TSQL} (Debian freetds-bin) is missing; FreeTDS is not tested.\n`,
  );
}

let tds: Harness;

beforeAll(async () => {
  tds = await startTds();
});

afterAll(() => tds.server.close());

function tsql(input: string, password = 'right', version = '7.4'): Promise<string> {
  return new Promise((resolve) => {
    const flags = ['-H', '127.0.0.1', '-p', String(tds.port), '-U', 'reader', '-P', password];
    const child = spawn(TSQL, [...flags, '-o', 'q'], {
      env: { TDSVER: version, LC_ALL: 'C.UTF-8' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('close', () => resolve(output.trim()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

const run = isInstalled ? describe : describe.skip;

run('FreeTDS', () => {
  test.each(['7.3', '7.4'])(
    'logs in with an encrypted login and reads every type (TDS %s)',
    async (version) => {
      tds.engine.on(
        'everything\n',
        resultSet(
          {
            a: { name: 'int' },
            b: { name: 'bigint' },
            c: { name: 'decimal', precision: 38, scale: 4 },
            d: { name: 'money' },
            e: { name: 'nvarchar', length: 20 },
            f: { name: 'varchar', length: 'max' },
            g: { name: 'ntext' },
            h: { name: 'uniqueidentifier' },
            i: { name: 'varbinary', length: 8 },
            j: { name: 'datetime' },
            k: { name: 'bit' },
          },
          [
            [
              -5,
              '9007199254740993',
              '-1234567890123456789012345678901234.5678',
              '12.3400',
              'é€',
              'large',
              'old',
              '01234567-89ab-cdef-0123-456789abcdef',
              Buffer.from('beef', 'hex'),
              '2026-02-28 09:30:00',
              true,
            ],
            [null, null, null, null, null, null, null, null, null, null, null],
          ],
        ),
      );
      const lines = (await tsql('everything\ngo\nexit\n', 'right', version)).split('\n');
      expect(lines[1]!.split('\t')).toEqual([
        '-5',
        '9007199254740993',
        '-1234567890123456789012345678901234.5678',
        '12.3400',
        'é€',
        'large',
        'old',
        '01234567-89AB-CDEF-0123-456789ABCDEF',
        'beef',
        'Feb 28 2026 09:30AM',
        '1',
      ]);
      expect(lines[2]!.split('\t')).toEqual(Array(11).fill('NULL'));
    },
  );

  test('hears of a refused login', async () => {
    expect(await tsql('exit\n', 'wrong')).toContain(
      'Msg 18456 (severity 14, state 1) from SANDBOX Line 1:\n\t"Login failed for user \'reader\'."',
    );
  });

  test('hears of an error and goes on', async () => {
    const message = "Invalid object name 'x'.";
    tds.engine.on('fail\n', ({ sink }) => {
      sink.message({ number: 208, class: 16, state: 1, line: 4, message });
    });
    tds.engine.on('select 1\n', resultSet({ a: { name: 'int' } }, [[1]]));
    const output = await tsql('fail\ngo\nselect 1\ngo\nexit\n');
    expect(output).toContain('Msg 208 (severity 16, state 1) from SANDBOX Line 4');
    expect(output).toMatch(/a\n1$/);
  });
});
