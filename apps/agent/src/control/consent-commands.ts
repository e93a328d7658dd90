/**
 * Patients who withdraw their consent: `consent withdraw|restore|list|declare|forget|undeclared|start-over`.
 * They work with a running agent and without one. A patient's number typed here stays on this machine.
 */
import { SystemClock } from '#libs/kernel/clock.js';
import {
  commandKey,
  isIntegratorId,
  undeclaredRules,
  type PatientPlaces,
  type UndeclaredRule,
  type Withdrawal,
} from '#apps/agent/src/consent/consent-file.js';
import { normalisePatient } from '#apps/agent/src/consent/patient-id.js';
import { showConsents, type ShownConsents } from '#apps/agent/src/consent/show-consents.js';
import { WithdrawnConsents, type Withdrawn } from '#apps/agent/src/consent/withdrawn-consents.js';
import {
  usageProblem,
  type Command,
  type Invocation,
  type Outcome,
} from '#apps/agent/src/control/command-line.js';
import { askAgent, orOffline } from '#apps/agent/src/control/control-client.js';
import type { ControlRoute } from '#apps/agent/src/control/control-routes.js';
import { permittedHere } from '#apps/agent/src/control/permission-commands.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';

interface Changed {
  changed: boolean;
}

const open = (stateFolder: string): Promise<WithdrawnConsents> =>
  WithdrawnConsents.open({ stateFolder, clock: new SystemClock() });

function shown({ stateFolder }: Invocation): Promise<ShownConsents> {
  return orOffline(askAgent<ShownConsents>(stateFolder, 'GET /consents'), async () => {
    const { siteIds } = await AgentIdentity.load(stateFolder);
    return showConsents(await open(stateFolder), siteIds);
  });
}

async function change(
  { stateFolder }: Invocation,
  route: ControlRoute,
  body: object,
  offline: (consents: WithdrawnConsents) => Promise<boolean | void>,
): Promise<boolean> {
  const { changed } = await orOffline(askAgent<Changed>(stateFolder, route, body), async () => ({
    changed: (await offline(await open(stateFolder))) ?? true,
  }));
  return changed;
}

/** What a list of withdrawals cannot do, in the same words wherever it is shown. */
const LIMITS = [
  'Statements and procedures that are not declared here are not filtered: raw SQL can name a patient in',
  'any way, so their answers may hold records of people who withdrew. The software is told so with each',
  'answer. To be sure: "consent undeclared refuse", or end the permission for raw SQL.',
];

const REST_REFUSED = 'Everything else is refused to software from which anybody withdrew.';

const withdrawnLine = ({ siteId, patient, integratorId, since }: Withdrawal): string =>
  `  ${patient}  from ${integratorId ?? 'all software'}, since ${since}, site ${siteId}`;

function placesLines({ command, parameters, columns }: PatientPlaces): string[] {
  const isOfNobody = parameters.length + columns.length === 0;
  return [
    `  ${command}`,
    ...(isOfNobody ? ['    holds nothing of patients'] : []),
    ...(parameters.length > 0 ? [`    parameters: ${parameters.join(', ')}`] : []),
    ...(columns.length > 0 ? [`    columns: ${columns.join(', ')}`] : []),
  ];
}

async function list(invocation: Invocation): Promise<Outcome> {
  const found = await shown(invocation);
  const { withdrawn, declared, undeclared, damaged } = found;
  if (damaged)
    return {
      json: found,
      lines: [
        'consent.json is not right: nothing runs.',
        'Put it back from a backup, or use "consent start-over" and enter the withdrawals again.',
      ],
      exitCode: 1,
    };
  return {
    json: found,
    lines: [
      withdrawn.length === 0 ? 'Nobody has withdrawn.' : 'Withdrawn:',
      ...withdrawn.map(withdrawnLine),
      declared.length === 0 ? 'No statement is declared.' : 'Declared:',
      ...declared.flatMap(placesLines),
      undeclared === 'refuse' ? REST_REFUSED : 'Everything else runs, and is not filtered.',
      ...(undeclared === 'run' ? LIMITS : []),
    ],
  };
}

/** Whom the options name, but for the software. */
function patientOf({ options }: Invocation, { siteIds }: ShownConsents): Withdrawn {
  const { patient: typed, site } = options;
  if (typed === undefined) throw usageProblem('--patient is missing');
  const patient = normalisePatient(typed);
  if (patient === undefined)
    throw usageProblem('--patient must be the number that the practice system has for the patient');
  const siteId = site?.toLowerCase() ?? siteIds[0];
  if (siteId === undefined || (site === undefined && siteIds.length > 1))
    throw usageProblem(`this server has several sites; add --site with ${siteIds.join(' or ')}`);
  if (!siteIds.some((one) => one.toLowerCase() === siteId))
    throw usageProblem('--site is no site of this server');
  return { siteId: siteId.toLowerCase(), patient };
}

/** @param known ids in their own spelling @returns the one that was typed, in whatever case */
function spelt(typed: string, known: readonly string[]): string | undefined {
  if (known.includes(typed)) return typed;
  const alike = known.filter((id) => id.toLowerCase() === typed.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

/** A withdrawal from an id that no permission has would be written down and stop nothing. */
async function integratorOf({ stateFolder, options }: Invocation): Promise<string | undefined> {
  const { integrator: typed } = options;
  if (typed === undefined) return undefined;
  const { grants } = await permittedHere(stateFolder);
  const known = [...new Set(grants.map(({ integratorId }) => integratorId))].sort();
  const integratorId = isIntegratorId(typed) ? spelt(typed, known) : undefined;
  if (integratorId !== undefined) return integratorId;
  throw usageProblem(
    known.length === 0
      ? '--integrator names nobody: no software was ever permitted at this server'
      : `--integrator is on no permission of this server; there are ${known.join(', ')}`,
  );
}

const namesPatients = ({ parameters, columns }: PatientPlaces): boolean =>
  parameters.length + columns.length > 0;

/** What it comes to here, as long as nothing else is declared. */
function effectLines(changed: boolean, { declared, undeclared }: ShownConsents): string[] {
  const filtered = declared.filter(namesPatients).length;
  const isAlready = changed ? [] : ['It was on the list already.'];
  if (filtered === 0 && undeclared === 'run')
    return [
      ...isAlready,
      'It is on the list, but it stops nothing yet: no statement or procedure is declared that names',
      'patients, so nothing is refused and nothing is filtered. Declare them with "consent declare".',
      ...LIMITS,
    ];
  return [
    ...(changed ? ['Withdrawn: it counts from now on.'] : isAlready),
    `Refused or filtered: what is declared to name patients (${filtered}); "consent list" shows it.`,
    ...(undeclared === 'refuse' ? [REST_REFUSED] : LIMITS),
  ];
}

async function withdraw(invocation: Invocation): Promise<Outcome> {
  const found = await shown(invocation);
  const patient = patientOf(invocation, found);
  const integratorId = await integratorOf(invocation);
  const who = integratorId === undefined ? patient : { ...patient, integratorId };
  const changed = await change(invocation, 'POST /consents/withdraw', who, (consents) =>
    consents.withdraw(who),
  );
  const { undeclared } = found;
  return {
    json: { changed, filtered: found.declared.filter(namesPatients).length, undeclared },
    lines: [
      ...effectLines(changed, found),
      'Ask the software’s maker to erase what it holds already: this server can’t do that.',
    ],
  };
}

async function restore(invocation: Invocation): Promise<Outcome> {
  const found = await shown(invocation);
  const patient = patientOf(invocation, found);
  const { integrator: typed } = invocation.options;
  // By the list: what stands there can be taken off, whatever is permitted by now.
  const listed = new Set(found.withdrawn.flatMap(({ integratorId }) => integratorId ?? []));
  const who = {
    ...patient,
    ...(typed !== undefined && { integratorId: spelt(typed, [...listed]) ?? typed }),
  };
  const changed = await change(invocation, 'POST /consents/restore', who, (consents) =>
    consents.restore(who),
  );
  return {
    json: { changed },
    lines: [changed ? 'Restored.' : 'There was no such withdrawal; see "consent list".'],
    exitCode: changed ? 0 : 1,
  };
}

function commandOf({ options }: Invocation): string {
  const { statement, procedure } = options;
  const text = statement === undefined ? `procedure:${procedure}` : `statement:${statement}`;
  const command = commandKey(text);
  if ((statement === undefined) === (procedure === undefined) || command === undefined)
    throw usageProblem('needs --statement with its SHA-256, or --procedure with its name');
  return command;
}

const namesIn = (text: string | undefined): string[] => [
  ...new Set(
    (text ?? '')
      .split(',')
      .map((name) => name.trim().replace(/^@/, '').toLowerCase())
      .filter((name) => name !== ''),
  ),
];

async function declare(invocation: Invocation): Promise<Outcome> {
  const { options, flags } = invocation;
  const places: PatientPlaces = {
    command: commandOf(invocation),
    parameters: namesIn(options['parameter']),
    columns: namesIn(options['column']),
  };
  const isOfNobody = places.parameters.length + places.columns.length === 0;
  if (isOfNobody !== flags.has('no-patients'))
    throw usageProblem('needs --parameter, --column or both; or --no-patients alone');
  await change(invocation, 'POST /consents/declare', places, (consents) =>
    consents.declare(places),
  );
  return { json: places, lines: ['Declared:', ...placesLines(places)] };
}

async function forget(invocation: Invocation): Promise<Outcome> {
  const command = commandOf(invocation);
  const changed = await change(invocation, 'POST /consents/forget', { command }, (consents) =>
    consents.forget(command),
  );
  return {
    json: { changed },
    lines: [changed ? 'Forgotten: it is not filtered any more.' : 'It was not declared.'],
    exitCode: changed ? 0 : 1,
  };
}

async function undeclared(invocation: Invocation): Promise<Outcome> {
  const rule = undeclaredRules.find((one) => one === invocation.arguments[1]);
  if (rule === undefined) throw usageProblem('needs run or refuse');
  const body: { rule: UndeclaredRule } = { rule };
  await change(invocation, 'POST /consents/undeclared', body, (consents) =>
    consents.ruleUndeclared(rule),
  );
  return { json: body, lines: [`From now on: ${rule}.`, ...(rule === 'run' ? LIMITS : [])] };
}

async function startOver(invocation: Invocation): Promise<Outcome> {
  if (!invocation.flags.has('yes'))
    throw usageProblem('add --yes: every withdrawal has to be entered again');
  await change(invocation, 'POST /consents/start-over', {}, (consents) => consents.startOver());
  return {
    json: { changed: true },
    lines: ['The damaged file was put aside. The list is empty: enter the withdrawals again.'],
  };
}

const acts: Record<string, (invocation: Invocation) => Promise<Outcome>> = {
  ...{ list, withdraw, restore, declare, forget, undeclared },
  'start-over': startOver,
};

const consent: Command = {
  summary:
    'patients who withdrew: list, withdraw, restore, declare, forget, undeclared, start-over',
  arguments: ['ACT', '[RULE]'],
  options: {
    patient: 'ID  the number of the patient in the practice system; it stays on this server',
    integrator: 'ID  only from this software, as "grants" shows it; absent: from all',
    site: 'ID  needed when this server has several sites',
    statement: 'SHA256  declare, forget: an agreed statement',
    procedure: 'NAME  declare, forget: a stored procedure',
    parameter: 'NAMES  declare: parameters that name the patient, with commas between',
    column: 'NAMES  declare: columns of the result that name the patient, with commas between',
  },
  flags: {
    'no-patients': 'declare: it holds nothing of patients',
    yes: 'start-over: really',
  },
  run(invocation) {
    const [name = ''] = invocation.arguments;
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
    const takesRule = name === 'undeclared';
    if (!act || (invocation.arguments.length > 1 && !takesRule))
      throw usageProblem(`needs one of ${Object.keys(acts).join(', ')}`);
    return act(invocation);
  },
};

export const consentCommands = { consent };
