/** What a practice keeps of a proof: plain words, what was done, where it was looked, what was found. */
import type { SinkProof } from '#test/prove/look-around.js';
import { EVERYWHERE } from '#test/prove/places.js';
import {
  DATABASE_WORDS,
  exitCodeOf,
  exitCodes,
  plantedFindings,
  problemsOf,
  trialProblems,
  type ProofEnd,
} from '#test/prove/proof-result.js';
import type { Proof } from '#test/prove/prove-conduit.js';
import { counted, megabytes } from '#test/prove/sink.js';
import { searchedForms } from '#test/support/leak-search.js';

export interface ReportAbout extends ProofEnd {
  madeAt: Date;
  version: string;
  /** Of the sources, where it is known. */
  commit?: string;
  machine: string;
  tookSeconds: number;
  restSeconds: number;
}

const WIDTH = 96;

function wrapped(text: string, indent = ''): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

/** The first line begins with the label, and the others stand beneath what follows it. */
function hanging(label: string, text: string): string[] {
  const [first = '', ...others] = wrapped(text, ' '.repeat(label.length));
  return [`${label}${first.trimStart()}`, ...others];
}

const heading = (text: string): string[] => ['', text, '-'.repeat(text.length), ''];

function resultOf({ leaks, remnants, toldOnly }: SinkProof): string {
  if (leaks.length > 0)
    return `FOUND: ${leaks.map(({ where, form }) => `${where} (${form})`).join('; ')}`;
  if (remnants.length === 0) return 'nothing found';
  return `remnants in ${counted(remnants.length, 'stretch', 'stretches')} of memory. ${toldOnly?.replace(/\.$/, '')}`;
}

function sinkLines(sink: SinkProof): string[] {
  const { words, what, looks, bytesRead, controlFound } = sink;
  const read = megabytes(bytesRead);
  const looked =
    looks === 1 ? `${what}, ${read}` : `${what} at the last of ${looks} looks, ${read} in all`;
  const result = resultOf(sink);
  const control = controlFound ? 'found' : 'NOT FOUND, so this look proves nothing';
  return [
    ...hanging('* ', `${words[0]?.toUpperCase()}${words.slice(1)}`),
    ...wrapped(`${looked}: ${result}.`, '    '),
    ...wrapped(`A word put there on purpose was ${control}.`, '    '),
  ];
}

function proofLines(proof: Proof): string[] {
  const names = Object.keys(proof.sent);
  const read = proof.sinks.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  const lines = [
    ...heading(`With ${DATABASE_WORDS[proof.database]}`),
    ...wrapped(
      `${names.length} kinds of requests were sent. ${proof.returned.length} of them gave their made-up words back: those had gone all the way to the practice's database and out again. ${proof.sinks.length} places were searched, ${megabytes(read)} altogether.`,
    ),
    '',
    ...proof.sinks.flatMap(sinkLines),
    '',
    ...wrapped(
      'What was sent, and how it ended. An asterisk: the made-up words came back. A number is the status of an HTTP answer: 200 is done, others are refusals and failures.',
    ),
    '',
  ];
  const returned = new Set(proof.returned);
  for (const name of new Set([...names, ...proof.returned])) {
    lines.push(`    ${returned.has(name) ? '*' : ' '} ${name}: ${proof.sent[name] ?? 'answered'}`);
  }
  return lines;
}

const DONE = `A whole conduit ran on one machine: broker, agent, Redis, database, and a pretend clinic with made-up patients. Words that had never existed before were sent through it wherever a patient's data could stand: in parameters, in the text of statements, in rows, in the names of columns, in the words of errors, in headers and addresses. Queries were answered at once, waited for a site that was away, ran again and again, changed records, gave more pages than fit, failed, were refused, ran too long, waited too long, were sent twice, were asked from the console, went from one node of the broker to another (where PostgreSQL is), and were under way when the agent or the broker was killed without warning. Webhooks told of them, and people took out receipts and exports of the audit.`;

const NOT_LOOKED = [
  "the practice's own database, where the data belong, and the programs of the integrator, who asked for them",
  "the memory of the agent, which runs on the practice's own server and reads that database",
  'memory of the operating system itself (network buffers) and swap: the service files forbid the broker swap and crash dumps',
  'the line between the parts: TLS is tested elsewhere',
];

const NOT_SHOWN = [
  'Other machines: this is what these programs do, on the machine named above. It says nothing of how an installation elsewhere is set up, of its backups or of its load balancer.',
  'What is sealed: requests and results that wait are stored, encrypted, until their caller fetches them or their time is over. That all the servers hold together does not open them is shown by tests of the same sources (test/e2e/canary.spec.ts).',
  'What people type into Conduit itself, such as the names of practices and the words of a request for access: that is kept on purpose.',
];

const remnantsOf = (proofs: readonly Proof[]) =>
  proofs.flatMap(({ sinks }) => sinks.flatMap((sink) => sink.remnants));

function resultText(end: ProofEnd): string {
  const { plant, proofs } = end;
  if (exitCodeOf(end) === exitCodes.blind)
    return 'THE TRIAL FAILED. What was left on purpose was not found';
  if (proofs.length === 0 || proofs.some((proof) => problemsOf(proof).length > 0))
    return 'THE PROOF FAILED';
  if (plant !== undefined) {
    const count = proofs.reduce((sum, { planted }) => sum + planted.length, 0);
    const all = count === 1 ? 'The word' : `Each of ${count} words`;
    return `THE TRIAL SUCCEEDED. ${all} left on purpose was found where it was left: a proof that finds the like fails`;
  }
  if (end.leftOut.length > 0)
    return 'NOT EVERYTHING WAS SEARCHED. Nothing was found where it was looked; what was left out is named below, and nothing is shown of it';
  const remnants = remnantsOf(proofs);
  if (remnants.length === 0) return 'NOTHING WAS FOUND';
  const stretches = counted(remnants.length, 'stretch', 'stretches');
  return `THE PROOF HOLDS. Nothing was found in any place that is judged; in the raw memory of the broker's process there were remnants (${stretches}, see there)`;
}

/** The report as plain text. */
export function proofReport(about: ReportAbout): string {
  const { version, commit, machine, plant, proofs } = about;
  const told = [
    ...trialProblems(about),
    ...proofs.flatMap(problemsOf),
    ...proofs.flatMap(plantedFindings),
  ];
  const lines = [
    'What Conduit keeps of the data that pass through it',
    '===================================================',
    '',
    ...hanging('Result: ', resultText(about)),
    `Made:   ${about.madeAt.toISOString()}`,
    `By:     npm run prove, Conduit ${version}${commit === undefined ? '' : `, sources ${commit}`}`,
    `On:     ${machine}; it took ${Math.ceil(about.tookSeconds / 60)} minutes`,
    ...(plant === undefined
      ? []
      : [
          '',
          ...wrapped(
            `A trial of the proof itself: before it was searched, a word was left in ${plant === EVERYWHERE ? 'each place' : plant}.`,
          ),
        ]),
    ...(told.length === 0 ? [] : ['', ...told.flatMap((text) => hanging('! ', text))]),
    ...heading('What was done'),
    ...wrapped(DONE),
    '',
    ...wrapped(
      `Then everything that had been sent was answered, the programs rested for ${about.restSeconds} seconds, and every place where something could have stayed was searched for those words, in ${searchedForms.length} forms: ${searchedForms.join('; ')}.`,
    ),
    '',
    ...wrapped(
      'A search that finds nothing could be blind. So another word was put in each place on purpose, and the same search had to find it.',
    ),
    ...(about.leftOut.length === 0
      ? []
      : [
          ...heading('Left out on this machine'),
          ...about.leftOut.flatMap((text) => hanging('* ', text)),
        ]),
    ...about.proofs.flatMap(proofLines),
    ...heading('Where it was not looked'),
    ...NOT_LOOKED.flatMap((text) => hanging('* ', text)),
    ...heading('What this does not show'),
    ...NOT_SHOWN.flatMap((text) => hanging('* ', text)),
    '',
  ];
  return lines.join('\n');
}
