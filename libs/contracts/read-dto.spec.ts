import { expect, test } from '@jest/globals';
import { CommandDto, ImmediateQueryDto, ParameterDto } from '#libs/contracts/command.js';
import { CreateKeyDto } from '#libs/contracts/operator.js';
import { InvalidFields, readDto } from '#libs/contracts/read-dto.js';
import { RenewRegisteredDto } from '#libs/contracts/registered.js';
import { RedeliverDto } from '#libs/contracts/webhooks.js';

function problemsOf(value: unknown): unknown {
  try {
    readDto(ImmediateQueryDto, value);
    return [];
  } catch (error) {
    return (error as InvalidFields).problems;
  }
}

test('builds instances of the nested classes', () => {
  const query = readDto(ImmediateQueryDto, {
    command: { text: 'SELECT 1', parameters: [{ name: '@a', type: 'Int', value: '1' }] },
    catalogue: 'Patients',
  });
  expect(query.command).toBeInstanceOf(CommandDto);
  expect(query.command.parameters?.[0]).toBeInstanceOf(ParameterDto);
  expect(query.command.parameters?.[0]?.value).toBe('1');
});

test.each([
  ['no object', 'text', '', 'must be a JSON object'],
  ['a list', [], '', 'must be a JSON object'],
  ['no command', {}, 'command', 'must be an object'],
  ['a command that is text', { command: 'SELECT 1' }, 'command', 'must be an object'],
  ['a list of commands', { command: [{ text: 'x' }] }, 'command', 'must be an object'],
  [
    'no text',
    { command: {} },
    'command.text',
    'must be shorter than or equal to 1000000 characters',
  ],
  [
    'a wrong enum',
    { command: { text: 'x', executionMode: 'zap' } },
    'command.executionMode',
    'must be one of',
  ],
  [
    'a fraction',
    { command: { text: 'x' }, maxTimeInQueue: 1.5 },
    'maxTimeInQueue',
    'must be an integer number',
  ],
  [
    'an unknown field',
    { command: { text: 'x', texts: 'y' } },
    'command.texts',
    'is not known here',
  ],
  [
    'a wrong parameter',
    { command: { text: 'x', parameters: [{ name: '@a' }, { name: '@b', value: 7 }] } },
    'command.parameters[1].value',
    'must be a string',
  ],
  [
    'a parameter that is text',
    { command: { text: 'x', parameters: ['@a'] } },
    'command.parameters[0]',
    'must be',
  ],
])('names the field of %s', (_title, value, field, problem) => {
  expect(problemsOf(value)).toContainEqual({ field, problem: expect.stringContaining(problem) });
});

test('null for what is optional is as if it were absent', () => {
  const parameters = [{ name: '@a', value: null, size: null, type: null, direction: null }];
  const query = readDto(ImmediateQueryDto, {
    command: { text: 'x', type: null, executionMode: null, parameters },
    catalogue: null,
    maxTimeInQueue: null,
  });
  expect(JSON.parse(JSON.stringify(query))).toEqual({
    command: { text: 'x', parameters: [{ name: '@a' }] },
  });
  expect(query.catalogue).toBeUndefined();
});

test.each(['duration', 'frequency', 'name'])('null for a %s to renew by is refused', (field) => {
  expect(() => readDto(RenewRegisteredDto, { [field]: null })).toThrow(InvalidFields);
  expect(readDto(RenewRegisteredDto, {})).toEqual({});
});

test.each(['2026-03-04T05:06:07Z', '2026-03-04T05:06:07.123+11:00', '2026-03-04'])(
  'reads the moment %s',
  (since) => {
    expect(readDto(RedeliverDto, { since }).since).toBe(since);
  },
);

test.each(['2026-W10', '2026-W10-3', '2026-063', '20260304', '2026-02-30', 'today', '', null, 7])(
  'refuses %j as a moment',
  (since) => {
    expect(() => readDto(RedeliverDto, { since })).toThrow(InvalidFields);
    expect(() => readDto(CreateKeyDto, { name: 'Zz', expiresAt: since })).toThrow(InvalidFields);
  },
);

test('a list in the place of an object is refused, empty or not', () => {
  expect(problemsOf({ command: { text: 'x', parameters: [[]] } })).toEqual([
    { field: 'command.parameters[0]', problem: 'must be an object' },
  ]);
});

test('refuses a list that is too long without looking at its members', () => {
  const parameters = Array.from({ length: 10_000 }, () => ({ name: '@a' }));
  expect(problemsOf({ command: { text: 'x', parameters } })).toEqual([
    { field: 'command.parameters', problem: expect.stringContaining('2100') },
  ]);
});

test('takes __proto__ for the unknown field that it is', () => {
  const value: unknown = JSON.parse('{"command":{"text":"x","__proto__":{"type":"text"}}}');
  expect(problemsOf(value)).toEqual([{ field: 'command.__proto__', problem: 'is not known here' }]);
});

test('says nothing of the values', () => {
  const value = {
    command: { text: 'x', type: 'canary', parameters: [{ name: 'canary'.repeat(99) }] },
  };
  expect(JSON.stringify(problemsOf(value))).not.toContain('canary');
});
