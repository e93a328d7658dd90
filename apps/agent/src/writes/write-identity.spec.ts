import { describe, expect, test } from '@jest/globals';
import { identify, keyHashOf } from '#apps/agent/src/writes/write-identity.js';

const name = { siteId: 'site-1', integratorId: 'integrator-1', key: 'order-17' };
const request = {
  command: { text: 'UPDATE t SET a = @a', parameters: [{ name: '@a', value: '1' }] },
  catalogue: 'Patients',
  resultSets: 'first' as const,
};
const hashOf = (changes: object = {}, under = name): string =>
  identify(under, { ...request, ...changes }).requestHash.toString('hex');
const withCommand = (changes: object): string =>
  hashOf({ command: { ...request.command, ...changes } });

describe('the hash of a key', () => {
  test('differs for each site, integrator and key, however they are cut', () => {
    const names = [
      name,
      { ...name, siteId: 'site-2' },
      { ...name, integratorId: 'integrator-2' },
      { ...name, key: 'order-18' },
      { ...name, integratorId: 'integrator-1order', key: '-17' },
    ];
    const hashes = new Set(names.map((each) => keyHashOf(each).toString('hex')));
    expect(hashes.size).toBe(names.length);
    expect(keyHashOf({ ...name, siteId: 'SITE-1' })).toEqual(keyHashOf(name));
    expect(keyHashOf(name)).toHaveLength(32);
  });
});

describe('the hash of a request', () => {
  test('is one for what does the same', () => {
    expect(withCommand({ type: 'text', executionMode: 'reader' })).toBe(hashOf());
    const spelt = [{ value: '1', direction: 'input', name: '@a', type: 'String', size: undefined }];
    expect(withCommand({ parameters: spelt })).toBe(hashOf());
    expect(hashOf({ catalogue: 'PATIENTS' })).toBe(hashOf());
  });

  test('differs for everything that may do something else', () => {
    const others = [
      hashOf(),
      withCommand({ text: 'UPDATE t SET a = @A' }),
      withCommand({ executionMode: 'nonQuery' }),
      withCommand({ type: 'storedProcedure' }),
      withCommand({ parameters: [] }),
      withCommand({ parameters: [{ name: '@a', value: null }] }),
      withCommand({ parameters: [{ name: '@a', value: '' }] }),
      withCommand({ parameters: [{ name: '@a', value: '1', type: 'Int' }] }),
      withCommand({ parameters: [{ name: '@a', value: '1', size: 4 }] }),
      withCommand({ parameters: [{ name: '@a', value: '1', direction: 'output' }] }),
      hashOf({ catalogue: 'Reference' }),
      hashOf({ resultSets: 'all' }),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  test('cannot be compared between keys, so that a command is not guessed from it', () => {
    expect(hashOf({}, { ...name, key: 'order-18' })).not.toBe(hashOf());
  });
});
