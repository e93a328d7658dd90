import { describe, expect, test } from '@jest/globals';
import {
  permissionLines,
  scopeWords,
  type PermissionNames,
} from '#apps/broker/src/practice-desk/permission-words.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';

const names: PermissionNames = {
  integrator: 'Zz Recalls',
  sites: new Map([['site-1', 'Zz Site']]),
  statements: [],
  timeZone: 'Australia/Sydney',
};
const words = (changes: Partial<Grant> = {}): string =>
  permissionLines(aGrant(changes), names)
    .map(({ label, text }) => `${label}: ${text}`)
    .join('\n');
const limited = (limits: Grant['limits']) => words({ limits });

describe('a permission in words', () => {
  const usual = words();

  // Whatever changes what is allowed changes what is read before signing.
  test.each<[string, Partial<Grant>]>([
    ['sites', { siteIds: ['site-1', 'site-2'] }],
    ['raw reads', { scopes: ['procedure:BookAppointment'] }],
    ['raw writes', { scopes: ['sql:read', 'sql:write', 'procedure:BookAppointment'] }],
    ['an agreed statement', { scopes: ['sql:read', `statement:${'a'.repeat(64)}`] }],
    ['an operation', { scopes: ['operation:read-appointments'] }],
    ['catalogues', { catalogues: ['Patients', 'Reference'] }],
    ['purposes', { purposes: ['PATADMIN', 'HRESCH'] }],
    ['rows', { limits: { concurrency: 4, perMinute: 600 } }],
    ['bytes', { limits: { rows: 10_000, concurrency: 4, perMinute: 600, bytes: 1 } }],
    ['time', { limits: { rows: 10_000, concurrency: 4, perMinute: 600, ms: 1_000 } }],
    ['how long results wait', { limits: { rows: 1, resultMinutes: 60 } }],
    ['writes without a journal', { writes: { journal: 'none' } }],
    ['keys of writes', { writes: { callerKey: 'required' } }],
    ['the mode', { encryptionMode: 'sealed' }],
    ['the beginning', { notBefore: '2026-02-01T00:00:00.000Z' }],
    ['the end', { expires: '2027-01-31T00:00:00.000Z' }],
    ['countries', { countries: ['AU', 'NZ'] }],
    ['its end', { revoked: true }],
  ])('says %s', (_what, changes) => {
    expect(words(changes)).not.toBe(usual);
  });

  test('says hours by the practice’s clock, and that there are none', () => {
    const hours = { timeZone: 'Australia/Perth', days: [1, 5], from: '08:00', to: '18:00' };
    expect(limited({ hours })).toContain('Only Mon, Fri from 08:00 to 18:00 (Australia/Perth)');
    expect(limited({})).toContain('At any hour');
  });

  test('says times as people do', () => {
    expect(limited({ ms: 300_000 })).toContain('At most 5 minutes for a query');
    expect(limited({ ms: 60_000 })).toContain('At most 1 minute for a query');
    expect(limited({ ms: 1_500 })).toContain('At most 2 seconds for a query');
  });

  test('marks what is wide and what changes data', () => {
    expect(scopeWords('sql:write')).toMatchObject({ changes: true, isWide: true });
    expect(scopeWords('sql:read')).toMatchObject({ changes: false, isWide: true });
    expect(scopeWords('procedure:dbo.BookAppointment')).toMatchObject({
      words: 'Run the procedure “bookappointment” (dbo.bookappointment), which may change data',
    });
    const scope = `statement:${'a'.repeat(64)}`;
    expect(scopeWords(scope)).toMatchObject({ changes: true, isWide: false });
    const known = { scope, name: 'Zz Due', description: 'Zz', text: 'SELECT 1', changes: false };
    const { words: said, changes } = scopeWords(scope, [known]);
    expect([said.includes('“Zz Due”, which only reads'), changes]).toEqual([true, false]);
    expect(scopeWords(scope, [{ ...known, changes: true }])).toMatchObject({ changes: true });
    expect(scopeWords('whatever:else')).toMatchObject({ changes: true, isWide: true });
  });
});
