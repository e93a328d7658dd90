import { beforeAll, describe, expect, test } from '@jest/globals';
import { AWKWARD, anIncidentFile } from '#apps/broker/src/incident-pdf/incident-file.fixture.js';
import { incidentPdf } from '#apps/broker/src/incident-pdf/incident-pdf.js';
import { legibleText } from '#apps/broker/src/incident-pdf/legible-text.js';
import { pdfPages } from '#apps/broker/src/incident-pdf/pdf-text.fixture.js';
import { partWords } from '#libs/console-api/incident-words.js';

describe('an incident as a PDF', () => {
  let pdf: Buffer;
  let text: string;

  beforeAll(async () => {
    pdf = await incidentPdf(anIncidentFile());
    text = pdfPages(pdf).join(' ');
  });

  test('has the four parts of the statement, in their order', () => {
    const places = Object.values(partWords).map((words, at) => text.indexOf(`${at + 1}. ${words}`));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    for (const words of [
      'Call 02 5550 0100.',
      'On 4 March two queries ran.',
      'We stopped them at once.',
      '[to be filled: which other kinds]',
      'Watch for calls that ask for money.',
      'One gap is still to be filled',
    ])
      expect(text).toContain(words);
  });

  test('has the counts, what is proven, what does not agree and what was not counted', () => {
    for (const words of [
      'Queries asked 1,234',
      'Run at the database 1,199',
      'Answered in full 1,150',
      'Both logs have it, and agree 1,190',
      'It ran at the practice; Conduit has no record 2',
      '2,466 are proven under the head above',
      'Zz Main Rooms 1,234 1,199 1,150 1,190',
      'Query q-77',
      'leaf 41 of the practice’s log',
      'grant.approved 3',
      'up to 100 1,100',
      'Not everything was counted',
      'beef'.repeat(4),
    ])
      expect(text).toContain(words);
  });

  test('has the decision, the letters, who was told, and what was done, in the incident’s zone', () => {
    for (const words of [
      'It is an eligible data breach: it has to be notified.',
      'Somebody had access who must not',
      'Two queries ran that nobody passed on.',
      'Thursday 5 March 2026, through its online form, by Zz Olga Officer',
      'Not yet; one gap is still to be filled',
      'Dear Commissioner,',
      'Asked the practice by telephone.',
      'The incident was opened: The records of both sides did not agree, by Zz Olga Officer',
      'A letter was sent: Office of the Australian Information Commissioner',
      'A letter was changed: Zz O’Brien',
      'Reminded of the last day: Overdue by 1 day',
      'The statement was written: version 2',
      '4 March 2026 at 4:12 pm AEDT',
      'Patients are told by their practice',
    ])
      expect(text).toContain(words);
  });

  test('is the same to the byte, and says nothing of this machine', async () => {
    expect((await incidentPdf(anIncidentFile())).equals(pdf)).toBe(true);
    const other = await incidentPdf(anIncidentFile({ title: 'another' }));
    expect(other.equals(pdf)).toBe(false);
  });

  test('is tagged, titled and in English, its fonts within', () => {
    const plain = pdf.toString('latin1');
    expect(plain).toMatch(/^%PDF-1\.7/);
    for (const sign of [
      '/Lang (en-AU)',
      '/Marked true',
      '/StructTreeRoot',
      '/DisplayDocTitle true',
      '/S /H1',
      '/S /Table',
      '/FontFile2',
      'pdfuaid:part',
      'D:20260304055900Z',
    ])
      expect(plain).toContain(sign);
  });

  test('a drill says so in its title and on every page', async () => {
    const pages = pdfPages(await incidentPdf(anIncidentFile({ drill: true })));
    expect(pages.length).toBeGreaterThan(3);
    for (const page of pages) expect(page).toContain('DRILL, nothing here is real.');
    expect(pages[0]).toContain('DRILL. Incident:');
  });

  test('an incident that has just been opened has every part, each saying that there is nothing yet', async () => {
    const { pack: _, ...file } = anIncidentFile({
      ...{ decisions: [], statements: [], letters: [], freezes: [], timeline: [] },
    });
    const words = pdfPages(await incidentPdf(file)).join(' ');
    for (const nothing of [
      'Nothing has been decided yet',
      'No statement has been written yet',
      'No evidence has been gathered yet',
      'Nothing was frozen',
      'No letters have been drafted yet',
    ])
      expect(words).toContain(nothing);
  });

  test('long texts and long lists go on over the pages, and lose nothing', async () => {
    const { incident, pack, ...rest } = anIncidentFile();
    const sites = Array.from({ length: 300 }, (_, at) => ({
      ...{ id: `t-${at}`, counts: pack?.content?.totals as never },
    }));
    const note = Array.from({ length: 180 }, (_, at) => `word${at}`).join(' ');
    const letters = incident.letters.map((letter) => ({ ...letter, text: `${note} `.repeat(8) }));
    const content = { ...pack?.content, sites } as never;
    const file = {
      ...rest,
      incident: { ...incident, letters },
      pack: { ...pack, content } as never,
    };
    const all = pdfPages(await incidentPdf(file)).join(' ');
    const missing = sites.filter(({ id }) => !all.includes(` ${id} 1,234 `));
    expect(missing).toEqual([]);
    expect(all.split('word179').length - 1).toBe(16);
  });

  test('names stand in their own letters; what the font cannot draw is spelt by its number', () => {
    for (const name of ['O’Brien', '“Søn”', 'Ğüler', 'Nguyễn', 'Ελένη', '<b>Pty</b>', '[U+1F998]'])
      expect(text).toContain(name);
    // Arabic letters are joined from the right, one sign after the other.
    expect(text).not.toContain('?');
    expect(AWKWARD).toContain('مرحبا');
  });
});

test('what turns letters around, or is not seen, is spelt out; what only joins is left out', () => {
  const all = (): boolean => true;
  expect(legibleText('a\u202Eb\u0000c\r\nd\te', all)).toBe('a[U+202E]b[U+0000]c\nd    e');
  expect(legibleText('👩\u200D⚕\uFE0F', all)).toBe('👩⚕');
  expect(legibleText('é', () => false)).toBe('[U+00E9]');
  expect(legibleText('مرحبا a', all)).toBe('مرحبا  a');
});
