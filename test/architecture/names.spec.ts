/** Files are found by name: kebab-case, a closed list of roles, no words that say nothing, no barrels. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';

const root = new URL('../..', import.meta.url).pathname;
const roles = [
  'module',
  'controller',
  'handler',
  'guard',
  'filter',
  'interceptor',
  'pipe',
  'decorator',
  'port',
  'config',
  'fixture',
  'spec',
];
const technologies = ['mssql', 'redis', 'postgres', 'pglite', 'memory', 'scripted', 'sql', 'smtp'];
const bannedWords = [
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'misc',
  'manager',
  'base',
  'data',
  'info',
  'core',
  'impl',
];
const bannedFolders = ['services', 'dto', 'interfaces', 'utils', 'common', 'helpers'];

function problems(path: string): string[] {
  const found: string[] = [];
  const folders = path.split('/').slice(0, -1);
  const [stem = '', ...suffixes] = (path.split('/').at(-1) ?? '')
    .replace(/(\.d)?\.tsx?$/, '')
    .split('.');
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) found.push('not kebab-case');
  if (stem === 'index') found.push('barrel');
  if (stem.split('-').some((word) => bannedWords.includes(word))) found.push('empty word');
  if (folders.some((folder) => bannedFolders.includes(folder))) found.push('folder by layer');
  if (suffixes.some((suffix) => !roles.includes(suffix) && !technologies.includes(suffix)))
    found.push('unknown role');
  return found;
}

describe('names', () => {
  test('every source file has a name that says what it is', () => {
    const files = execFileSync(
      'git',
      ['ls-files', '--', 'apps/*.ts', 'apps/*.tsx', 'libs/*.ts', 'test/*.ts'],
      {
        cwd: root,
        encoding: 'utf8',
      },
    )
      .split('\n')
      .filter((file) => file !== '' && !file.includes('/planted/'));
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap((file) => problems(file).map((problem) => `${file}: ${problem}`))).toEqual(
      [],
    );
  });

  test.each([
    ['libs/link/index.ts', 'barrel'],
    ['libs/link/linkHelper.ts', 'not kebab-case'],
    ['apps/console/src/ui/DataTable.tsx', 'not kebab-case'],
    ['libs/link/link-utils.ts', 'empty word'],
    ['apps/broker/src/services/keys.ts', 'folder by layer'],
    ['apps/broker/src/keys/keys.service.ts', 'unknown role'],
  ])('%s is refused', (path, problem) => {
    expect(problems(path)).toContain(problem);
  });
});
