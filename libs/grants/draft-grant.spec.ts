import { describe, expect, test } from '@jest/globals';

import { ConduitError } from '#libs/errors/conduit-error.js';
import { describeGrant, describeScope } from '#libs/grants/describe-grant.js';
import { aGrant, aMomentInForce } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { keyThumbprint } from '#libs/grants/key-thumbprint.js';
import { defaultCeiling } from '#libs/grants/ceiling.js';
import { draftGrant, type DraftGround, type GrantChoices } from '#libs/grants/draft-grant.js';

const statement = `statement:${'0123456789abcdef'.repeat(4)}`;

const drafted = (
  asked: string[],
  choices: GrantChoices = {},
  ground: Partial<DraftGround> = {},
): Grant =>
  draftGrant(
    {
      accessRequestId: 'request-1',
      siteId: 'site-1',
      siteName: 'Site',
      integratorId: 'integrator-1',
      integratorName: 'Integrator',
      asked: { scopes: asked, catalogues: ['Patients'], purposes: ['PATADMIN'] },
      countries: ['AU'],
      createdAt: '2026-03-03T00:00:00.000Z',
    },
    choices,
    {
      practiceId: 'practice-1',
      agentKeyThumbprint: keyThumbprint(Buffer.alloc(32, 7)),
      ceiling: { ...defaultCeiling, rawSqlWrites: true },
      epoch: 1,
      nowMs: aMomentInForce,
      ...ground,
    },
  );

const draft = (asked: string[], choices?: GrantChoices): string[] => drafted(asked, choices).scopes;

describe('a draft', () => {
  test('leaves out raw SQL that may change data, unless it was typed here', () => {
    expect(draft(['sql:read', 'sql:write', statement])).toEqual(['sql:read']);
    expect(draft(['sql:read'], { scopes: ['sql:write', statement] })).toEqual([
      'sql:write',
      statement,
    ]);
  });

  test('of nothing but such scopes has to be typed', () => {
    expect(() => draft([statement])).toThrow(ConduitError);
  });

  test('has terms of writes only where they are chosen, and says in plain words what they mean', () => {
    const plain = drafted(['sql:read']);
    expect(plain).not.toHaveProperty('writes');
    expect(describeGrant(plain).join()).not.toContain('Changes:');
    const chosen = drafted(['sql:read'], { writeJournal: 'none', callerKey: 'required' });
    expect(chosen.writes).toEqual({ journal: 'none', callerKey: 'required' });
    const words = describeGrant(chosen).join('\n');
    expect(words).toContain('nobody may be able to say whether the change was made');
    expect(words).toContain('each must carry a key of the integrator');
  });

  test('shows an agreed statement by its whole hash and says what it may do', () => {
    expect(describeScope(statement)).toContain(statement.slice('statement:'.length));
    expect(describeScope(statement)).toContain('may change data');
  });

  describe('of more than is in force', () => {
    const hours = { timeZone: 'Australia/Sydney', days: [1], from: '08:00', to: '17:00' };
    const running = aGrant({
      scopes: ['sql:read', 'sql:write', statement],
      limits: { rows: 500, perMinute: 5, resultMinutes: 1, hours },
      writes: { callerKey: 'required' },
    });
    const asked = [...running.scopes, 'procedure:Book'];
    const more = (choices: GrantChoices = {}, changes: Partial<Grant> = {}) =>
      drafted(asked, choices, { held: running, running: { ...running, ...changes } });

    test('keeps its terms, and what it permits, and its end', () => {
      const { limits, writes, expires } = running;
      expect(more()).toMatchObject({ limits, writes, expires, scopes: asked });
      expect(more()).toMatchObject({ grantId: running.grantId, seq: 2 });
    });

    test('changes what is chosen', () => {
      const changed = more({ rows: 9, hours: 'any', expires: '7d', scopes: ['sql:read'] });
      expect(changed.limits).toMatchObject({ rows: 9, perMinute: 5, resultMinutes: 1 });
      expect(changed.limits).not.toHaveProperty('hours');
      expect(changed.scopes).toEqual(['sql:read']);
      expect(Date.parse(changed.expires)).toBe(aMomentInForce + 7 * 86_400_000);
    });

    test.each<[string, Partial<Grant>]>([
      ['has expired', { expires: '2026-01-02T00:00:00.000Z' }],
      ['was ended', { revoked: true }],
    ])('is none where that %s', (_what, changes) => {
      expect(more({}, changes)).toMatchObject({
        ...{ limits: { rows: 100_000 }, scopes: ['sql:read', 'procedure:Book'] },
      });
    });
  });
});
