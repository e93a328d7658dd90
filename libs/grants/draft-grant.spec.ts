import { describe, expect, test } from '@jest/globals';

import { ConduitError } from '#libs/errors/conduit-error.js';
import { describeGrant, describeScope } from '#libs/grants/describe-grant.js';
import { aMomentInForce } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { keyThumbprint } from '#libs/grants/key-thumbprint.js';
import { defaultCeiling } from '#libs/grants/ceiling.js';
import { draftGrant, type GrantChoices } from '#libs/grants/draft-grant.js';

const statement = `statement:${'0123456789abcdef'.repeat(4)}`;

const drafted = (asked: string[], choices: GrantChoices = {}): Grant =>
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
});
