import { expect, test } from '@jest/globals';
import { normalisePatient, patientsNamed } from '#apps/agent/src/consent/patient-id.js';
import { readRowValues } from '#apps/agent/src/consent/row-values.js';

test.each([
  ['123', '123'],
  [' 00123 ', '123'],
  ['123.00', '123'],
  ['123.', '123'],
  ['-7', '-7'],
  ['-0', '0'],
  ['000', '0'],
  ['12345678901234567890', '12345678901234567890'],
  ['AB-12', 'ab-12'],
  ['{6F1D2C3B-4A59-4E68-8F70-112233445566}', '6f1d2c3b-4a59-4e68-8f70-112233445566'],
])('%j is spelt %j', (text, spelt) => expect(normalisePatient(text)).toBe(spelt));

test.each([
  ...['', '+123', '$123', '1,23', '1 23', '12e1', '123.5', '１２３', 'Zz Smith', '123\0'],
  'a'.repeat(65),
])('%j can’t be compared', (text) => expect(normalisePatient(text)).toBeUndefined());

test('a parameter names nobody with NULL, and can’t be compared in types that hide their text', () => {
  const of = (type: 'Int' | 'VarBinary' | 'Float' | 'Xml', value: string | null) =>
    patientsNamed({ name: 'p', type, value });
  expect(of('Int', '007')).toEqual(['7', '0']);
  expect(of('Int', null)).toEqual([]);
  for (const type of ['VarBinary', 'Float', 'Xml'] as const)
    expect(of(type, '123')).toBeUndefined();
});

test('text that a shorter parameter would cut names those whom it would become', () => {
  expect(patientsNamed({ name: 'p', value: 'AB12Z' })).toContain('ab12');
  expect(patientsNamed({ name: 'p', value: '0001239' })).toContain('123');
  expect(patientsNamed({ name: 'p', value: '1239' })).toEqual(['1239']);
});

test('values are read back out of a row’s text, whatever stands in it', () => {
  const columns = ['a', 'b"{', 'c'];
  const keys = columns.map((name, i) =>
    Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`),
  );
  const row = (values: string[]) =>
    Buffer.from(values.map((value, i) => `${String(keys[i])}${value}`).join(''));
  const tricky = JSON.stringify('x\\",{"c":1}\u0007é');
  expect(readRowValues(row([tricky, 'null', '9007199254740993']), keys, [0, 1, 2])).toEqual([
    'x\\",{"c":1}\u0007é',
    null,
    '9007199254740993',
  ]);
  expect(readRowValues(row(['1.50', tricky, '"z"']), keys, [2])).toEqual(['z']);
});
