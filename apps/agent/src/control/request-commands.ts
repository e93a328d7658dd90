/** Commands that answer integrators: pairing codes, access requests, approval. They need the running agent. */
import {
  declineReasons,
  type CreatedPairingCode,
  type OpenAccessRequest,
} from '#libs/grants/grant-messages.js';
import { describeScope, namesOfStatements } from '#libs/grants/describe-grant.js';
import type { Purpose } from '#libs/grants/grant.js';
import { purposeWords } from '#libs/grants/purpose-words.js';
import {
  usageProblem,
  type Command,
  type Invocation,
} from '#apps/agent/src/control/command-line.js';
import { askAgent } from '#apps/agent/src/control/control-client.js';
import { readHours } from '#apps/agent/src/control/hours-option.js';
import { plain } from '#apps/agent/src/control/terminal-text.js';
import type { Draft, Signed } from '#apps/agent/src/grants/practice-decisions.js';

const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function numberOf({ options }: Invocation, option: string, mostDigits = 9): number | undefined {
  const text = options[option];
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text) || text.length > mostDigits)
    throw usageProblem(`--${option} must be a whole number above 0`);
  return Number(text);
}

function requestLines(request: OpenAccessRequest): string[] {
  const { asked } = request;
  const names = { statements: namesOfStatements(request) };
  return [
    plain(`${request.accessRequestId}  ${request.integratorName}`),
    plain(`  at        ${request.siteName} (${request.siteId})`),
    ...asked.scopes.map((scope) => plain(`  asks to   ${describeScope(scope, names)}`)),
    plain(`  in        ${asked.catalogues.join(', ')}`),
    plain(`  for       ${asked.purposes.map((p) => purposeWords[p as Purpose] ?? p).join('; ')}`),
    plain(`  data to   ${request.countries.join(', ')}`),
    plain(`  since     ${request.createdAt}`),
    ...(request.statements === undefined
      ? []
      : [
          '  Read its statements in the console first. Name those you permit: --scopes statement:SHA256',
        ]),
  ];
}

const pairCode: Command = {
  summary: 'make a pairing code to hand to an integrator',
  options: { site: 'ID  which site; not needed when the agent serves one' },
  async run({ stateFolder, options: { site } }) {
    const body = site === undefined ? {} : { siteId: site };
    const made = await askAgent<CreatedPairingCode>(stateFolder, 'POST /pairing-codes', body);
    return {
      json: made,
      lines: [
        plain(`Pairing code: ${made.code}`),
        plain(`For site ${made.siteId}; one use, until ${made.expiresAt}.`),
        'Hand it to the integrator. It permits nothing by itself: you decide on the request that follows.',
      ],
    };
  },
};

const requests: Command = {
  summary: 'list the integrators that ask for access',
  async run({ stateFolder }) {
    const answer = await askAgent<{ requests: OpenAccessRequest[] }>(
      stateFolder,
      'GET /access-requests',
    );
    const lines = answer.requests.flatMap(requestLines);
    return { json: answer, lines: lines.length === 0 ? ['No open access requests.'] : lines };
  },
};

async function confirm({ flags, terminal }: Invocation): Promise<boolean> {
  if (flags.has('yes')) return true;
  if (!terminal.ask) throw usageProblem('nobody is here to confirm; add --yes');
  const answer = await terminal.ask('Permit this? Type yes to sign: ');
  return answer.trim().toLowerCase() === 'yes';
}

const approve: Command = {
  summary:
    'permit what an integrator asks; shows it in plain words before it is signed. Where it has access already, its terms stay unless others are named',
  arguments: ['REQUEST'],
  options: {
    scopes:
      'A,B  what it may do: sql:read, sql:write, procedure:NAME, statement:SHA256, operation:NAME',
    catalogues: 'A,B  databases it may use; else what it asks',
    purposes: 'A,B  TREAT, HPAYMT, HOPERAT, PATADMIN, PATRQT, PUBHLTH, HRESCH; else what it asks',
    expires: 'WHEN  like 90d or 2026-12-31; else 365d, or the end of what is in force',
    rows: 'N  most rows an answer may have',
    bytes: 'N  most bytes of rows an answer may have',
    'per-minute': 'N  most queries a minute',
    concurrency: 'N  most queries at the same time',
    hours: "DAYS FROM-TO [ZONE]  when queries may start, like 'Mon-Fri 08:00-18:00', or any",
    'keep-results': 'N  minutes that a waiting result is kept after its last fetch; else 15',
  },
  flags: {
    'without-write-journal':
      'permit changes also where the database server keeps no write journal: after a crash nobody may know whether one was made',
    'require-idempotency-key': 'each change must carry a key of the integrator',
    yes: 'sign without asking',
  },
  async run(invocation) {
    const { stateFolder, options, flags, terminal } = invocation;
    const body = {
      accessRequestId: invocation.arguments[0],
      scopes: listOf(options['scopes']),
      catalogues: listOf(options['catalogues']),
      purposes: listOf(options['purposes']),
      expires: options['expires'],
      rows: numberOf(invocation, 'rows'),
      bytes: numberOf(invocation, 'bytes', 15),
      hours: readHours(options['hours']),
      perMinute: numberOf(invocation, 'per-minute'),
      concurrency: numberOf(invocation, 'concurrency'),
      keepResults: numberOf(invocation, 'keep-results'),
      ...(flags.has('without-write-journal') && { writeJournal: 'none' }),
      ...(flags.has('require-idempotency-key') && { callerKey: 'required' }),
    };
    const draft = await askAgent<Draft>(stateFolder, 'POST /drafts', body);
    const shown = ['You are about to permit:', ...draft.lines.map((line) => `  ${plain(line)}`)];
    // Whoever reads JSON gets the same words in it.
    if (!invocation.flags.has('json') || !invocation.flags.has('yes'))
      for (const line of shown) terminal.err(line);
    if (!(await confirm(invocation)))
      return { lines: ['Nothing was signed.'], json: { signed: false }, exitCode: 1 };
    const signed = await askAgent<Signed>(stateFolder, 'POST /drafts/sign', {
      draftId: draft.draftId,
    });
    return {
      json: { ...signed, grant: draft.grant, lines: draft.lines },
      lines: [
        `Permitted: ${signed.grantId}, in force on this server.`,
        ...(signed.published ? [] : ['The broker will be told when the link is up.']),
      ],
    };
  },
};

const decline: Command = {
  summary: 'refuse what an integrator asks',
  arguments: ['REQUEST'],
  options: { reason: `WORD  ${declineReasons.join(', ')}` },
  async run({ stateFolder, arguments: [accessRequestId], options }) {
    const reason = options['reason'] ?? 'other';
    if (!(declineReasons as readonly string[]).includes(reason))
      throw usageProblem(`--reason must be one of: ${declineReasons.join(', ')}`);
    await askAgent(stateFolder, 'POST /access-requests/decline', { accessRequestId, reason });
    return { json: { accessRequestId, declined: true }, lines: [`Declined: ${accessRequestId}`] };
  },
};

export const requestCommands = { 'pair-code': pairCode, requests, approve, decline };
