import { describe, expect, test } from '@jest/globals';
import type { ConduitError } from '#libs/errors/conduit-error.js';
import { checkMeta, readQuery } from '#apps/agent/src/execution/query-request.js';
import { aMeta } from '#apps/agent/src/execution/execution.fixture.js';

function problemOf(act: () => unknown): { code: string; field?: string | undefined } {
  try {
    act();
  } catch (error) {
    const { code, facts } = error as ConduitError;
    return { code, field: facts.field };
  }
  throw new Error('nothing was refused');
}

const bodies: [body: string, code: string, field: string | undefined][] = [
  ['', 'BODY_NOT_JSON', undefined],
  ['[]', 'BODY_NOT_JSON', undefined],
  ['{"command"', 'BODY_NOT_JSON', undefined],
  ['{}', 'REQUEST_INVALID', 'command'],
  ['{"command":{}}', 'REQUEST_INVALID', 'command.text'],
  ['{"command":{"text":1}}', 'REQUEST_INVALID', 'command.text'],
  ['{"command":{"text":"x","executionMode":"all"}}', 'REQUEST_INVALID', 'command.executionMode'],
  [
    '{"command":{"text":"x","parameters":[{"name":"a"},{"name":"b","type":"int"}]}}',
    'REQUEST_INVALID',
    'command.parameters[1].type',
  ],
  ['{"command":{"text":"x"},"unknown":1}', 'REQUEST_INVALID', 'unknown'],
  ['{"command":{"text":"x"},"maxTimeInQueue":-1}', 'REQUEST_INVALID', 'maxTimeInQueue'],
];

describe('the body of a query', () => {
  test.each(bodies)('%s is refused', (body, code, field) => {
    expect(problemOf(() => readQuery('immediate', Buffer.from(body)))).toEqual({ code, field });
  });

  test('with ten thousand parameters is refused', () => {
    const parameters = Array.from({ length: 10_000 }, (_, n) => ({ name: `p${n}` }));
    const body = Buffer.from(JSON.stringify({ command: { text: 'x', parameters } }));
    expect(problemOf(() => readQuery('immediate', body)).field).toBe('command.parameters');
  });

  test('with a parameter of a megabyte is read', () => {
    const parameters = [{ name: 'p', value: 'x'.repeat(1_048_576) }];
    const body = Buffer.from(JSON.stringify({ command: { text: 'x', parameters } }));
    expect(readQuery('immediate', body).command.parameters?.[0]?.value).toHaveLength(1_048_576);
  });
});

describe('the meta of a query', () => {
  test('is taken when it is whole', () => {
    const meta = aMeta();
    expect(checkMeta({ ...meta })).toEqual(meta);
  });

  test.each(Object.keys(aMeta()))('is refused when its %s is of another kind', (field) => {
    const wrong = { ...aMeta(), [field]: { not: 'this' } };
    expect(problemOf(() => checkMeta(wrong))).toEqual({
      code: 'REQUEST_INVALID',
      field: `meta.${field}`,
    });
  });

  const unwritable = ['', 'a b', 'Mrs_Sørensen', '\ud800', 'a\n', 'x'.repeat(201)];
  test.each(unwritable)('is refused when an id is %j, which no record could hold', (requestId) => {
    expect(problemOf(() => checkMeta({ ...aMeta(), requestId })).field).toBe('meta.requestId');
  });
});
