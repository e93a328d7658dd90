/** An incident as it is exported, made up: with names that are hard to write, gaps, and records that do not agree. */
import {
  verdicts,
  type Incident,
  type IncidentFile,
  type PackContent,
  type PackCounts,
} from '#libs/console-api/incidents.js';

export const AWKWARD = 'Zz O’Brien & “Søn” Ğüler Nguyễn Ελένη مرحبا 🦘 王 <b>Pty</b>';
const at = (minute: number): string => new Date(Date.UTC(2026, 2, 4, 5, minute)).toISOString();

const [practice, site, agent, integrator] = ['p-1', 's-1', 'a-1', 'i-1'];
const names = { [practice]: AWKWARD, [site]: 'Zz Main Rooms', [integrator]: 'Zz Recalls Pty Ltd' };
const scope: Incident['scope'] = {
  ...{ practices: [practice], sites: [], agents: [], integrators: [integrator], keys: [] },
  ...{ from: at(0), to: at(50) },
};

const counts: PackCounts = {
  ...{
    queries: 1_234,
    dispatched: 1_200,
    executed: 1_199,
    answered: 1_150,
    refused: 34,
    writes: 7,
  },
  ...{ rows: { '<=100': 1_100, '>1000': 50 }, bytes: { '<=65536': 1_150 } },
  verdicts: {
    ...Object.fromEntries(verdicts.map((one) => [one, 0])),
    both: 1_190,
    agentOnly: 2,
  } as never,
  ...{ brokerRecords: 2_468, brokerProven: 2_466, agentRecords: 1_192, from: at(1), to: at(49) },
};
const sums = (id: string) => [{ id, counts }];

const content: PackContent = {
  ...{ format: 'conduit-incident-pack/1', incidentId: 'n-1', drill: false, scope },
  checkpoint: { size: 98_765, root: 'q1BzdmVyeSBtdWNoIG1hZGUgdXAsIHRoaXMgcm9vdD0=' },
  agents: [
    { agentId: agent, practiceId: practice, siteIds: [site], state: 'in-part', comparedTo: at(40) },
  ],
  ...{
    totals: counts,
    practices: sums(practice),
    sites: sums(site),
    integrators: sums(integrator),
  },
  ...{ keys: sums('k-1'), purposes: sums('PATADMIN') },
  statements: [{ id: 'ab12'.repeat(16), counts, practiceId: practice }],
  lines: [],
  mismatches: [
    {
      ...{ kind: 'executed-not-dispatched', queryId: 'q-77', agentId: agent },
      ...{
        practiceId: practice,
        siteId: site,
        integratorId: integrator,
        fields: [],
        agentLeaf: 41,
      },
    },
  ],
  acts: [{ type: 'grant.approved', count: 3 }],
  cut: [{ reason: 'not-read', words: 'the records after 4:40 pm were not read.' }],
};

const incident: Incident = {
  ...{ incidentId: 'n-1', title: `Phantom queries at ${AWKWARD}`, drill: false, state: 'eligible' },
  ...{ awareAt: at(10), openedAt: at(12), timeZone: 'Australia/Sydney', dueOn: '2026-04-03' },
  ...{
    myHealthRecord: 'no',
    frozen: 1,
    noticed: 'records-differ',
    openedByName: 'Zz Olga Officer',
  },
  ...{ scope, mayChange: true, names },
  freezes: [
    {
      freezeId: 'f-1',
      kind: 'integrator',
      targetId: integrator,
      frozenAt: at(13),
      byName: 'Zz Olga Officer',
    },
  ],
  packs: [],
  decisions: [
    {
      ...{ decisionId: 'd-1', at: at(40), byName: 'Zz Olga Officer', outcome: 'eligible' },
      ...{ grounds: ['unauthorised-access'], weighed: ['sensitivity', 'who-obtained-it'] },
      ...{
        reasons: 'Two queries ran that nobody passed on.',
        myHealthRecord: 'no',
        packHash: 'cafe',
      },
    },
  ],
  statements: [
    {
      ...{ version: 2, at: at(44), byName: 'Zz Olga Officer', gaps: 1 },
      parts: {
        identity: 'Zz Practice, 1 Zz Street. Call 02 5550 0100.',
        description: 'On 4 March two queries ran.\n\nWe stopped them at once.',
        kinds: 'Names and appointments; [to be filled: which other kinds].',
        steps: 'Watch for calls that ask for money.',
      },
    },
  ],
  letters: [
    {
      ...{
        letterId: 'l-1',
        recipient: 'oaic',
        recipientName: 'OAIC',
        subject: 'Notification',
        gaps: 0,
      },
      ...{ text: 'Dear Commissioner,\n\nwe notify.', isEdited: false },
      ...{ sentOn: '2026-03-05', sentHow: 'online-form', sentByName: 'Zz Olga Officer' },
    },
    {
      ...{ letterId: 'l-2', recipient: 'practice', recipientId: practice, recipientName: AWKWARD },
      ...{ subject: 'What we found', text: '[to be filled: greeting]', gaps: 1, isEdited: true },
    },
  ],
  timeline: [
    { at: at(12), kind: 'opened', word: 'records-differ', byName: 'Zz Olga Officer' },
    {
      at: at(20),
      kind: 'noted',
      byName: 'Zz Olga Officer',
      note: 'Asked the practice by telephone.',
    },
    { at: at(40), kind: 'decided', word: 'eligible', byName: 'Zz Olga Officer' },
    { at: at(50), kind: 'letter-sent', word: 'oaic' },
    { at: at(51), kind: 'letter-changed', word: 'l-2' },
    { at: at(52), kind: 'reminded', word: '-1' },
    { at: at(53), kind: 'statement-written', word: '2' },
  ],
};

export function anIncidentFile(changes: Partial<Incident> = {}): IncidentFile {
  return {
    ...{
      format: 'conduit-incident/1',
      exportedAt: at(59),
      words: ['This is the record of one incident.'],
    },
    incident: { ...incident, ...changes },
    pack: {
      ...{ packId: 'e-1', askedAt: at(30), state: 'ready', gathered: 1, agents: 1 },
      ...{ hash: 'beef'.repeat(16), queries: counts.queries, content, names },
    },
  };
}
