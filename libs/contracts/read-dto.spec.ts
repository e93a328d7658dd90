import { expect, test } from '@jest/globals';
import { CommandDto, ImmediateQueryDto, ParameterDto } from '#libs/contracts/command.js';
import { InvalidFields, readDto } from '#libs/contracts/read-dto.js';

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
