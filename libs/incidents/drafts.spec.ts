import { describe, expect, test } from '@jest/globals';
import { statementParts } from '#libs/console-api/incidents.js';
import { draftLetters } from '#libs/incidents/draft-letters.js';
import { draftStatement } from '#libs/incidents/draft-statement.js';
import { drillWorld } from '#libs/incidents/drill-records.js';
import { drillTruth } from '#libs/incidents/drill-truth.js';
import { gapsIn, type IncidentFacts } from '#libs/incidents/incident-facts.js';

const world = drillWorld(7);
const pack = drillTruth(world, 'zz');

const facts = (more: Partial<IncidentFacts> = {}): IncidentFacts => ({
  title: 'Zz queries at night',
  drill: false,
  ...{ awareOn: '2027-01-04', dueOn: '2027-02-03', timeZone: 'Australia/Brisbane' },
  myHealthRecord: 'no',
  ...{ scope: pack.scope, pack, names: world.names, frozen: [], keyOwners: {} },
  ...more,
});
const recipients = (more: Partial<IncidentFacts> = {}, isNotifiable = false) =>
  draftLetters(facts(more), { isNotifiable }).map(({ recipient }) => recipient);

describe('a drafted statement', () => {
  test('has the four parts, what the records say in them, and gaps where they cannot know', () => {
    const parts = draftStatement(facts());
    expect(Object.keys(parts)).toEqual([...statementParts]);
    expect(parts.description).toContain(`made ${pack.totals.queries} queries`);
    expect(parts.description).toContain('Zz Drill Software 1');
    expect(parts.description).toContain('aware on 4 January 2027.');
    for (const part of statementParts) expect([part, gapsIn(parts[part])]).not.toEqual([part, 0]);
  });

  test('names the one practice whose own it is, and where there are many leaves it open', () => {
    const [one] = pack.practices;
    const own = draftStatement(facts({ pack: { ...pack, practices: one ? [one] : [] } }));
    expect(own.identity).toMatch(/^Zz Drill Practice 1\n/);
    expect(draftStatement(facts()).identity).toMatch(/^\[to be filled: the entity’s name\]/);
  });

  test('says what is stopped instead of asking for it', () => {
    const { description } = draftStatement(facts({ frozen: [{ words: 'the software Zz' }] }));
    expect(description).toContain('these were stopped: the software Zz.');
    expect(description).not.toContain('what was done to contain it');
  });

  test('tells times by the clock of the incident’s zone, and says which', () => {
    const from = '2026-12-31T22:36:00.000Z';
    const at = { ...pack, totals: { ...pack.totals, from, to: '2027-01-01T13:05:00.000Z' } };
    const inPerth = { ...facts({ pack: at }), timeZone: 'Australia/Perth' };
    expect(draftStatement(inPerth).description).toContain(
      'Between 1 January 2027 at 6:36 am AWST and 1 January 2027 at 9:05 pm AWST, ',
    );
  });

  test('is told to be a drill in every part and letter, where it is one', () => {
    const drill = facts({ drill: true });
    const letters = draftLetters(drill, { isNotifiable: true });
    for (const text of [...Object.values(draftStatement(drill)), ...letters.map((one) => one.text)])
      expect(text).toMatch(/^THIS IS A DRILL/);
  });
});

describe('letters', () => {
  test('go to every practice and to the software; to the Commissioner once it is to be notified', () => {
    const practices = pack.practices.map(() => 'practice');
    expect(recipients()).toEqual([...practices, 'integrator']);
    expect(recipients({}, true)).toEqual([...practices, 'oaic', 'integrator']);
  });

  test('go to the System Operator as soon as My Health Record data may be involved, whatever the harm', () => {
    expect(recipients({ myHealthRecord: 'yes' })).toContain('system-operator');
    expect(recipients({ myHealthRecord: 'unknown' })).not.toContain('system-operator');
  });

  test('to a practice tell its own numbers, no other practice’s, and that it alone can find its patients', () => {
    const [first] = draftLetters(facts(), { isNotifiable: false });
    const own = pack.practices.find(({ id }) => id === first?.recipientId)?.counts;
    expect(first?.text).toContain(`${own?.queries} queries of your records`);
    expect(first?.text).toContain('conduit-agent audit --integrator drill-software-1 --since');
    expect(first?.text).not.toContain('Zz Drill Practice 2');
  });

  test('name what is frozen of whom they go to, and nothing of other practices or vendors', () => {
    const frozen = [
      { words: 'the software Zz', integratorId: 'drill-software-1' },
      { words: 'the software Yy', integratorId: 'software-2' },
      { words: 'all access at the site A', practiceId: 'drill-practice-1' },
      { words: 'the practice’s server B', practiceId: 'drill-practice-2' },
    ];
    const letters = draftLetters(facts({ frozen, myHealthRecord: 'yes' }), { isNotifiable: false });
    const stopped = (id?: string) =>
      /(?:have stopped|Contained by): (.*)\./.exec(
        letters.find(({ recipientId }) => recipientId === id)?.text ?? '',
      )?.[1];
    const software = 'the software Zz, the software Yy';
    expect(stopped('drill-practice-1')).toBe(`${software} and all access at the site A`);
    expect(stopped('drill-practice-2')).toBe(`${software} and the practice’s server B`);
    expect(stopped('drill-software-1')).toBe('the software Zz');
    expect(stopped()).toContain('site A and the practice’s server B');
  });

  test('name to a vendor its own keys', () => {
    const scope = { ...pack.scope, keys: ['key-a', 'key-b'] };
    const keyOwners = { 'key-a': 'drill-software-1', 'key-b': 'software-2' };
    const letter = draftLetters(facts({ scope, keyOwners }), { isNotifiable: false }).at(-1);
    expect(letter?.text).toContain('made with the key key-a. We');
  });

  test('do not tell a practice of its own incident', () => {
    const to = { isNotifiable: false, ownPracticeId: 'drill-practice-1' };
    const ids = draftLetters(facts(), to).map(({ recipientId }) => recipientId);
    expect(ids).not.toContain('drill-practice-1');
  });

  test('to the Commissioner hold the statement as it was last written', () => {
    const parts = { identity: 'Zz A', description: 'Zz B', kinds: 'Zz C', steps: 'Zz D' };
    const letters = draftLetters(facts({ statement: { parts } }), { isNotifiable: true });
    const text = letters.find(({ recipient }) => recipient === 'oaic')?.text ?? '';
    expect(Object.values(parts).every((part) => text.includes(part))).toBe(true);
  });
});
