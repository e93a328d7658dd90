import { expect, test } from '@jest/globals';
import type { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import type { DraftGrant } from '#apps/broker/src/grants/draft-grant.js';
import type { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import type { ProposeGrant } from '#apps/broker/src/grants/propose-grant.js';
import { ApproveAccess } from '#apps/broker/src/practice-desk/approve-access.js';
import type { ShowPermissions } from '#apps/broker/src/practice-desk/show-permissions.js';
import type { PermissionChoices } from '#libs/console-api/practice.js';
import type { GrantChoices } from '#libs/grants/draft-grant.js';

const drafted: GrantChoices[] = [];
const draft = {
  forRequest: async (_practice: string, _request: string, choices: GrantChoices) => {
    drafted.push(choices);
    return { document: '{}', challenge: 'AAAA', grant: {}, lines: [] };
  },
} as unknown as DraftGrant;
const admitted = { personId: 'person-1', credentialId: 'key-1', agents: [{ admittedAt: 'then' }] };
const approvals = new ApproveAccess(
  draft,
  {} as ProposeGrant,
  { of: async () => [admitted] } as unknown as OfferedApprovers,
  { rpId: 'console.example.org' } as ConsoleOrigin,
  {
    names: async () => ({ timeZone: 'Australia/Perth' }),
    linesOf: async () => [],
  } as unknown as ShowPermissions,
);
const person = { personId: 'person-1' } as SignedInPerson;
const hours = { days: [1], from: '08:00', to: '17:00' };

test.each<[string, PermissionChoices, GrantChoices]>([
  ['nothing: what is in force stays', {}, {}],
  ['days from now', { days: 30 }, { expires: '30d' }],
  [
    'hours, by the practice’s clock',
    { hours },
    { hours: { ...hours, timeZone: 'Australia/Perth' } },
  ],
  ['an end of the hours that are in force', { anyHour: true }, { hours: 'any' }],
])('an owner chooses %s', async (_what, choices, said) => {
  await approvals.draftRequest('practice-1', person, 'request-1', choices);
  expect(drafted.pop()).toEqual(said);
});
