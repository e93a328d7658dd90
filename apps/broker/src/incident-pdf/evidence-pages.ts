/** What the records show, in tables: totals, what is proven by whom, and the same by whom, where and what for. */
import { sayMoment } from '#apps/broker/src/incident-pdf/incident-times.js';
import type { PdfSheet } from '#apps/broker/src/incident-pdf/pdf-sheet.js';
import type { SheetColumn } from '#apps/broker/src/incident-pdf/sheet-table.js';
import {
  agentWords,
  countWords,
  mismatchWords,
  verdictWords,
} from '#libs/console-api/incident-words.js';
import {
  verdicts,
  type EvidencePack,
  type Incident,
  type PackContent,
  type PackCounts,
  type PackSum,
} from '#libs/console-api/incidents.js';
import { purposeText } from '#libs/grants/purpose-words.js';

const NUMBER_WIDTH = 74;
const counted = (label: string): SheetColumn[] => [
  { label },
  { label: 'Number', isNumber: true, width: NUMBER_WIDTH },
];
const summed = (label: string): SheetColumn[] => [
  { label },
  ...['Asked', 'Run', 'Answered', 'In both logs'].map((head) => ({
    ...{ label: head, isNumber: true, width: 62 },
  })),
];

const figure = (value: number): string => value.toLocaleString('en-AU');

export async function writeEvidence(
  sheet: PdfSheet,
  { timeZone }: Incident,
  pack: EvidencePack | undefined,
): Promise<void> {
  sheet.heading(2, 'What the records show');
  if (!pack?.content) {
    sheet.paragraph('No evidence has been gathered yet.');
    return;
  }
  const { content, hash, askedAt } = pack;
  const names = (id: string): string => pack.names[id] ?? id;
  sheet.paragraph(
    'Counted from the records of both logs. No record holds what was read: neither a patient nor a statement’s text.',
  );
  for (const { words } of content.cut ?? [])
    sheet.paragraph(`Not everything was counted: ${words}`, { isBold: true });
  sheet.fact('Gathered', sayMoment(askedAt, timeZone));
  if (hash !== undefined) sheet.fact('SHA-256 of the evidence', hash);
  const { size, root } = content.checkpoint;
  sheet.fact('Under this head of Conduit’s log', `${figure(size)} leaves, root ${root}`);
  writeTotals(sheet, content.totals);
  const sums: [string, readonly PackSum[], (id: string) => string][] = [
    ['Practice', content.practices, names],
    ['Site', content.sites, names],
    ['Software company', content.integrators, names],
    ['API key', content.keys, names],
    ['Purpose', content.purposes, purposeText],
    ['Statement, by its fingerprint', content.statements, (id) => id],
  ];
  for (const [label, lines, name] of sums) {
    await sheet.pause();
    writeSums(sheet, label, lines, name);
  }
  writeAgents(sheet, content, names, timeZone);
  writeMismatches(sheet, content, names);
  if (content.acts.length > 0) {
    sheet.heading(3, 'Other acts of that time');
    const rows = content.acts.map(({ type, count }) => [type, figure(count)]);
    sheet.table(counted('Type of record'), rows);
  }
}

function writeTotals(sheet: PdfSheet, totals: PackCounts): void {
  const { brokerRecords, brokerProven, agentRecords } = totals;
  sheet.heading(3, 'In total');
  const counts = Object.entries(countWords) as [keyof typeof countWords, string][];
  sheet.table(
    counted('Queries'),
    counts.map(([key, words]) => [words, figure(totals[key])]),
  );
  sheet.heading(3, 'Which are proven by both logs');
  sheet.table(
    counted('Queries'),
    verdicts.map((verdict) => [verdictWords[verdict], figure(totals.verdicts[verdict])]),
  );
  sheet.paragraph(
    `${figure(brokerRecords)} records of these queries are in Conduit’s log, of which ${figure(brokerProven)} are proven under the head above; ${figure(agentRecords)} are in the practices’ own logs, each under a head that the practice’s server signed.`,
  );
  for (const [label, classes] of [
    ['Rows given, in classes', totals.rows],
    ['Bytes given, in classes', totals.bytes],
  ] as const) {
    const rows = Object.entries(classes).map(([name, count]) => [classWords(name), figure(count)]);
    if (rows.length > 0) sheet.table(counted(label), rows);
  }
}

/** `<=100` as people say it. */
function classWords(name: string): string {
  const bound = Number(name.replace(/^[<>]=?/, ''));
  if (Number.isNaN(bound)) return name;
  return `${name.startsWith('>') ? 'more than' : 'up to'} ${figure(bound)}`;
}

function writeSums(
  sheet: PdfSheet,
  label: string,
  lines: readonly PackSum[],
  name: (id: string) => string,
): void {
  if (lines.length === 0) return;
  sheet.table(
    summed(label),
    lines.map(({ id, counts }) => [
      name(id),
      ...[counts.queries, counts.executed, counts.answered, counts.verdicts.both].map(figure),
    ]),
  );
}

function writeAgents(
  sheet: PdfSheet,
  { agents }: PackContent,
  names: (id: string) => string,
  timeZone: string,
): void {
  if (agents.length === 0) return;
  sheet.heading(3, 'The practices’ own logs');
  for (const { agentId, practiceId, state, comparedTo, logSize, logRoot } of agents) {
    const until = comparedTo === undefined ? '' : `, up to ${sayMoment(comparedTo, timeZone)}`;
    const head =
      logSize === undefined ? '' : ` Its head: ${figure(logSize)} leaves, root ${logRoot}.`;
    sheet.fact(
      `Server of ${names(practiceId)} (${names(agentId)})`,
      `${agentWords[state]}${until}.${head}`,
    );
  }
}

function writeMismatches(
  sheet: PdfSheet,
  { mismatches }: PackContent,
  names: (id: string) => string,
): void {
  if (mismatches.length === 0) return;
  sheet.heading(3, 'Where the two logs do not agree');
  for (const {
    kind,
    queryId,
    practiceId,
    integratorId,
    fields,
    brokerLeaf,
    agentLeaf,
  } of mismatches) {
    const who = integratorId === undefined ? '' : `, ${names(integratorId)}`;
    const leaves = [
      ...(brokerLeaf === undefined ? [] : [`leaf ${figure(brokerLeaf)} of Conduit’s log`]),
      ...(agentLeaf === undefined ? [] : [`leaf ${figure(agentLeaf)} of the practice’s log`]),
    ].join(', ');
    const differ = fields.length === 0 ? '' : ` They differ in: ${fields.join(', ')}.`;
    const where = leaves === '' ? '' : ` See ${leaves}.`;
    sheet.fact(
      `Query ${queryId} at ${names(practiceId)}${who}`,
      `${mismatchWords[kind]}${differ}${where}`,
    );
  }
}
