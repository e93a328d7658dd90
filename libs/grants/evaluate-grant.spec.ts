import { createHash } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  evaluateGrant,
  type GrantAnswer,
  type GrantQuestion,
  type ReadOnlyCheck,
} from '#libs/grants/evaluate-grant.js';
import { aGrant, aMomentInForce } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { normaliseProcedureName } from '#libs/grants/procedure-name.js';

const check: ReadOnlyCheck = (sql) =>
  sql.startsWith('SELECT') ? { ok: true } : { ok: false, reason: 'notSelect' };

const text = (sql: string): GrantQuestion['command'] => ({ kind: 'text', text: sql });
const procedure = (name: string): GrantQuestion['command'] => ({ kind: 'procedure', name });

function ask(
  changes: Partial<Grant>,
  question: Partial<GrantQuestion> = {},
  nowMs = aMomentInForce,
): GrantAnswer {
  const asked = {
    siteId: 'site-1',
    integratorId: 'integrator-1',
    catalogue: 'Patients',
    command: text('SELECT 1'),
    ...question,
  };
  return evaluateGrant(aGrant(changes), asked, nowMs, check);
}

const at = (iso: string): number => Date.parse(iso);

describe('a long text', () => {
  const long = `SELECT '${'x'.repeat(131_072)}'`;
  const never: ReadOnlyCheck = () => {
    throw new Error('was looked at');
  };
  const decide = (scopes: string[], look: ReadOnlyCheck): GrantAnswer => {
    const asked = { siteId: 'site-1', integratorId: 'integrator-1', catalogue: 'Patients' };
    return evaluateGrant(
      aGrant({ scopes }),
      { ...asked, command: text(long) },
      aMomentInForce,
      look,
    );
  };

  test('is refused to those who may only read, without being looked at', () => {
    expect(decide(['sql:read'], never)).toMatchObject({
      code: 'STATEMENT_FORBIDDEN',
      reason: 'tooLong',
    });
    expect(decide(['procedure:Book'], never)).toMatchObject({ code: 'GRANT_SCOPE' });
  });

  test('runs where writes or that very statement are permitted', () => {
    expect(decide(['sql:read', 'sql:write'], check)).toMatchObject({ scope: 'sql:write' });
    const agreed = `statement:${createHash('sha256').update(long).digest('hex')}`;
    expect(decide([agreed], check)).toMatchObject({ allowed: true, scope: agreed });
  });
});

describe('standing', () => {
  test('counts from notBefore to just before expires', () => {
    const term = { notBefore: '2026-03-01T00:00:00.000Z', expires: '2026-03-02T00:00:00.000Z' };
    const code = (iso: string): unknown => {
      const answer = ask(term, {}, at(iso));
      return answer.allowed ? 'allowed' : answer.code;
    };
    expect(code('2026-02-28T23:59:59.999Z')).toBe('GRANT_NOT_YET_VALID');
    expect(code('2026-03-01T00:00:00.000Z')).toBe('allowed');
    expect(code('2026-03-01T23:59:59.999Z')).toBe('allowed');
    expect(code('2026-03-02T00:00:00.000Z')).toBe('GRANT_EXPIRED');
  });

  test('a revoked grant allows nothing, at any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (nowMs) => {
        expect(ask({ revoked: true }, {}, nowMs)).toMatchObject({ code: 'GRANT_REVOKED' });
      }),
    );
  });

  test('another integrator, site or catalogue gets nothing', () => {
    expect(ask({}, { integratorId: 'x' })).toMatchObject({
      code: 'GRANT_INVALID',
      reason: 'integrator',
    });
    expect(ask({}, { siteId: 'x' })).toMatchObject({ code: 'GRANT_INVALID', reason: 'site' });
    expect(ask({}, { catalogue: 'Other' })).toMatchObject({ code: 'GRANT_CATALOGUE' });
    expect(ask({}, { catalogue: 'PATIENTS' })).toMatchObject({ allowed: true });
  });
});

describe('scopes', () => {
  test('the least one that covers is taken', () => {
    const sql = 'SELECT name FROM x';
    const statement = `statement:${createHash('sha256').update(sql).digest('hex')}`;
    const scopes = ['sql:write', 'sql:read', statement];
    expect(ask({ scopes }, { command: text(sql) })).toEqual({
      allowed: true,
      tier: 'read',
      scope: statement,
    });
    expect(ask({ scopes }, { command: text('SELECT 2') })).toMatchObject({ scope: 'sql:read' });
    expect(ask({ scopes }, { command: text('DELETE x') })).toEqual({
      allowed: true,
      tier: 'write',
      scope: 'sql:write',
    });
  });

  test('a registered statement covers its exact text only', () => {
    const scopes = [`statement:${createHash('sha256').update('UPDATE x').digest('hex')}`];
    expect(ask({ scopes }, { command: text('UPDATE x') })).toMatchObject({ tier: 'write' });
    expect(ask({ scopes }, { command: text('UPDATE x ') })).toMatchObject({ code: 'GRANT_SCOPE' });
  });

  test('sql:read refuses what the reader refuses, with its reason', () => {
    expect(ask({ scopes: ['sql:read'] }, { command: text('DROP TABLE x') })).toEqual({
      allowed: false,
      code: 'STATEMENT_FORBIDDEN',
      reason: 'notSelect',
    });
    expect(ask({ scopes: ['sql:read'] }, { command: procedure('X') })).toMatchObject({
      code: 'GRANT_SCOPE',
    });
  });

  test('a procedure is matched by its one spelling', () => {
    const scopes = ['procedure:BookAppointment'];
    for (const name of ['bookappointment', 'dbo.BookAppointment', '[dbo].[BOOKAPPOINTMENT]'])
      expect(ask({ scopes }, { command: procedure(name) })).toMatchObject({
        allowed: true,
        tier: 'write',
      });
    for (const name of ['other.BookAppointment', 'Patients..BookAppointment', 'BookAppointment;2'])
      expect(ask({ scopes }, { command: procedure(name) })).toMatchObject({ code: 'GRANT_SCOPE' });
  });

  test('an operation needs its own scope', () => {
    const command: GrantQuestion['command'] = { kind: 'operation', name: 'slots', tier: 'read' };
    expect(ask({ scopes: ['operation:slots'] }, { command })).toMatchObject({ tier: 'read' });
    expect(ask({ scopes: ['sql:write'] }, { command })).toMatchObject({ code: 'GRANT_SCOPE' });
  });

  test('only a name in the grant ever opens a procedure', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const answer = ask({ scopes: ['procedure:Book'] }, { command: procedure(name) });
        expect(answer.allowed).toBe(normaliseProcedureName(name) === 'dbo.book');
      }),
    );
  });
});

describe('procedure names', () => {
  test.each([
    ['X', 'dbo.x'],
    ['Dbo.X', 'dbo.x'],
    ['[sales].[x_1]', 'sales.x_1'],
    ['"dbo"."X"', 'dbo.x'],
    ['', undefined],
    ['.x', undefined],
    ['x.', undefined],
    ['a.b.c', undefined],
    ['x; DROP TABLE y', undefined],
    ['[x]]y]', undefined],
    ['[dbo.x]', undefined],
    ['[x] [y]', undefined],
    ['bo\u0131k', undefined],
  ])('%j becomes %j', (name, expected) => {
    expect(normaliseProcedureName(name)).toBe(expected);
  });
});

describe('hours', () => {
  const limits = (days: number[], from: string, to: string): Partial<Grant> => ({
    limits: { hours: { timeZone: 'Australia/Sydney', days, from, to } },
  });
  const open = (grant: Partial<Grant>, iso: string): boolean => ask(grant, {}, at(iso)).allowed;

  test('follow the wall clock of the practice through daylight saving', () => {
    // Sydney leaves summer time on 2026-04-05: 09:00 is 22:00Z before it and 23:00Z after it.
    const grant = limits([1, 5], '09:00', '17:00');
    expect(open(grant, '2026-04-02T22:00:00.000Z')).toBe(true);
    expect(open(grant, '2026-04-02T21:59:59.999Z')).toBe(false);
    expect(open(grant, '2026-04-05T22:00:00.000Z')).toBe(false);
    expect(open(grant, '2026-04-05T23:00:00.000Z')).toBe(true);
  });

  test('over midnight belong to the day they start on', () => {
    const grant = limits([7], '22:00', '02:00'); // Sunday night
    expect(open(grant, '2026-03-08T12:30:00.000Z')).toBe(true); // Sunday 23:30
    expect(open(grant, '2026-03-08T14:30:00.000Z')).toBe(true); // Monday 01:30
    expect(open(grant, '2026-03-08T15:00:00.000Z')).toBe(false); // Monday 02:00
    expect(open(grant, '2026-03-07T14:30:00.000Z')).toBe(false); // Sunday 01:30
  });

  test('outside them the answer says so, and for how long', () => {
    // It is Wednesday 10:00 in Sydney.
    const waits = (days: number[], from: string, to: string, nowMs?: number): unknown => {
      const answer = ask(limits(days, from, to), {}, nowMs);
      expect(answer).toMatchObject({ code: 'GRANT_OUTSIDE_HOURS' });
      return 'retryAfterMs' in answer && answer.retryAfterMs;
    };
    const HOUR_MS = 3_600_000;
    expect(waits([3], '11:00', '12:00')).toBe(HOUR_MS);
    expect(waits([1, 3], '08:00', '10:00')).toBe((5 * 24 - 2) * HOUR_MS);
    expect(waits([3], '08:00', '10:00')).toBe((7 * 24 - 2) * HOUR_MS);
    expect(waits([2, 5], '22:00', '02:00')).toBe((2 * 24 + 12) * HOUR_MS);
    expect(waits([3], '11:00', '12:00', aMomentInForce + 30_001)).toBe(HOUR_MS - 30_001);
  });
});
