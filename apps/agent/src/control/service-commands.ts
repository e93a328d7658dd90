/** Commands over the agent itself: run it, enrol it, ask how it is. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ConduitError } from '#libs/errors/conduit-error.js';
import {
  usageProblem,
  type Command,
  type Invocation,
} from '#apps/agent/src/control/command-line.js';
import { askAgent } from '#apps/agent/src/control/control-client.js';
import type { SiteState } from '#apps/agent/src/brake/site-states.js';
import type { AgentStatus } from '#apps/agent/src/control/control-routes.js';
import {
  keptUpdateWindow,
  standingOf,
  type UpdateWindowStanding,
} from '#apps/agent/src/control/update-window.js';
import { registeredLines } from '#apps/agent/src/control/registered-lines.js';
import { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import type { PausesHere } from '#apps/agent/src/grants/practice-pauses.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { enrol } from '#apps/agent/src/identity/enrol.js';
import { readAgentConfig } from '#apps/agent/src/read-agent-config.js';

const run: Command = {
  summary: 'run the agent until it is told to stop',
  async run({ stateFolder }) {
    // Asked first, so that a machine that never enrolled hears just that.
    await AgentIdentity.load(stateFolder);
    // Loaded here: no other command needs the whole agent.
    const { runAgentUntilSignal } = await import('#apps/agent/src/run-agent.js');
    await runAgentUntilSignal(readAgentConfig(stateFolder));
    return undefined;
  },
};

/**
 * Puts new settings in place when they are right; otherwise the old ones stay.
 * @throws AgentConfigError naming every bad setting
 */
async function adoptSettings({ stateFolder, options }: Invocation): Promise<void> {
  const { config, proxy } = options;
  if (config === undefined && proxy === undefined) return;
  const path = join(stateFolder, 'agent.json');
  const before = await readIfThere(path);
  const text =
    config === undefined
      ? (before ?? '{}')
      : await readFile(config, 'utf8').catch(() => {
          throw usageProblem('the file of --config cannot be read');
        });
  let settings: object;
  try {
    settings = JSON.parse(text) as object;
  } catch {
    throw usageProblem('the settings are not JSON');
  }
  const after = proxy === undefined ? settings : { ...settings, proxy };
  await writeDurably(path, `${JSON.stringify(after, undefined, 2)}\n`);
  try {
    readAgentConfig(stateFolder);
  } catch (error) {
    if (before === undefined) await rm(path, { force: true });
    else await writeDurably(path, before);
    throw error;
  }
}

const enrolCommand: Command = {
  summary: 'give this agent its identity with a one-time code',
  arguments: ['CODE'],
  withoutState: true,
  options: {
    broker: 'URL  https address of the broker',
    proxy: 'URL  HTTP proxy to go through; kept in the settings',
    config: 'FILE  settings with the sites and their databases; kept as agent.json',
  },
  async run(invocation) {
    const { stateFolder, options, progress } = invocation;
    const [code = ''] = invocation.arguments;
    const brokerUrl = options['broker'];
    if (brokerUrl === undefined || !/^https:\/\//.test(brokerUrl) || !URL.canParse(brokerUrl))
      throw usageProblem('--broker must be an https address');
    await mkdir(stateFolder, { recursive: true, mode: 0o700 });
    await adoptSettings(invocation);
    progress('Making keys and asking the broker for a certificate…');
    const proxy = readAgentConfig(stateFolder).proxy?.reveal();
    const order = { stateFolder, brokerUrl, code, ...(proxy === undefined ? {} : { proxy }) };
    const { agentId, practiceId, siteIds } = await enrol(order);
    progress('Making the key that approves on this server…');
    const { approverId } = await (await ApproverStore.open(stateFolder)).local();
    return {
      json: { agentId, practiceId, siteIds, approverId },
      lines: [
        `Enrolled as agent ${agentId} of practice ${practiceId}.`,
        `Sites: ${siteIds.join(', ')}`,
        'Next: start the agent service, or use the run command.',
      ],
    };
  },
};

const heldWords = {
  normal: [],
  asyncPaused: ['           The database server is busy: async queries wait.'],
  backgroundPaused: ['           The database server is busy: async and registered queries wait.'],
};

function siteLines({ siteId, load, running, waiting, spoolBytes }: SiteState): string[] {
  const count = (of: SiteState['running']): string =>
    `${of.immediate} immediate, ${of.async} async, ${of.registered} registered`;
  const spooled = spoolBytes > 0 ? `; ${Math.ceil(spoolBytes / 1_048_576)} MB wait on disk` : '';
  return [
    `Site:      ${siteId}`,
    `           running ${count(running)}; waiting ${count(waiting)}${spooled}`,
    ...heldWords[load],
  ];
}

const alarmWords = {
  fork: 'it shows two histories',
  'roll-back': 'it came back shorter than it was',
  'other-log': 'it came back under another key or name',
};

function witnessLines({ size, alarm, alarmedAt, isDamaged }: AgentStatus['witness']): string[] {
  const damage = isDamaged
    ? [
        'Audit log: ALARM: what was kept of it could not be read, so nothing from before is held against it.',
        '           Keep audit-witness.json.damaged, find out why, then move it away and start the agent anew.',
      ]
    : [];
  if (alarm === undefined) {
    const seen = size === undefined ? 'not seen yet' : `${size} records witnessed`;
    return [...damage, `Audit log: ${seen}`];
  }
  return [
    ...damage,
    `Audit log: ALARM since ${alarmedAt}: ${alarmWords[alarm]}`,
    '           Keep audit-witness.json in the state folder: it is the evidence. Nothing more is cosigned.',
  ];
}

function ownLogLines({ isSound, size = 0, refusedFor }: AgentStatus['ownLog']): string[] {
  if (!isSound)
    return [
      'Own log:   ALARM: files of it are damaged; audit verify says which. No more is signed.',
    ];
  if (refusedFor)
    return [
      'Own log:   ALARM: the broker was told another history of it before. Keep the journal folder.',
    ];
  return [`Own log:   ${size} records signed`];
}

/** Of what is paused one by one, so many are named. */
const MOST_NAMED = 20;

/** What the practice paused in its console, as far as it is in force here. */
function pauseLines({ everyoneSince, integrators, unreadable }: PausesHere): string[] {
  if (unreadable)
    return ['           pauses.json is not right; nothing runs until the broker is reached'];
  return [
    ...(everyoneSince === undefined
      ? []
      : [`           in the console: all software, since ${everyoneSince}`]),
    ...integrators
      .slice(0, MOST_NAMED)
      .map(
        ({ integratorId, since }) => `           in the console: ${integratorId}, since ${since}`,
      ),
    ...(integrators.length > MOST_NAMED
      ? [`           and ${integrators.length - MOST_NAMED} more`]
      : []),
  ];
}

const updateWords = ({ words, isOpen }: UpdateWindowStanding): string =>
  `${words}${isOpen ? '; now is a time for it' : '; not now'}`;

const updateWindow: Command = {
  summary: 'say when this agent may be updated; exit code 0 within that time, 1 outside',
  async run({ stateFolder }) {
    const found = await askAgent<UpdateWindowStanding>(stateFolder, 'GET /update-window').catch(
      async (error: unknown) => {
        if (!(error instanceof ConduitError) || error.code !== 'AGENT_NOT_RUNNING') throw error;
        // Updating means stopping: what it last heard counts while it does not run.
        return standingOf(await keptUpdateWindow(stateFolder), Date.now());
      },
    );
    return {
      json: found,
      lines: [
        `May be updated: ${updateWords(found)}.`,
        'The agent does not update itself: this is for whoever does.',
      ],
      exitCode: found.isOpen ? 0 : 1,
    };
  },
};

function statusLines(status: AgentStatus): string[] {
  const link = status.link as { diagnosis?: { title: string; remedy: string } } | undefined;
  const { diagnosis } = link ?? {};
  return [
    `Running:   yes, process ${status.pid}`,
    `Agent:     ${status.agentId} of practice ${status.practiceId}`,
    `Sites:     ${status.siteIds.join(', ')}`,
    `Link:      ${status.attached ? 'up' : 'down'}`,
    ...(diagnosis ? [`           ${diagnosis.title} ${diagnosis.remedy}`] : []),
    ...status.sites.flatMap(siteLines),
    `Paused:    ${status.paused ? 'YES: nothing runs until you resume' : 'not on this server'}`,
    ...pauseLines(status.pausedInConsole),
    `Grants:    ${status.grantsInForce} in force, ${status.grantsUnpublished} not yet known to the broker`,
    `Updates:   ${updateWords(status.updateWindow)}`,
    ...registeredLines(status.registered),
    ...witnessLines(status.witness),
    ...ownLogLines(status.ownLog),
    ...(status.ceilingReadable ? [] : ['Ceiling:   ceiling.json is not right; nothing is allowed']),
    ...(status.journalWritable ? [] : ['Journal:   the disk refuses it; nothing is run']),
  ];
}

const status: Command = {
  summary: 'show whether the agent runs, is attached, and what is in force',
  async run({ stateFolder }) {
    try {
      const found = await askAgent<AgentStatus>(stateFolder, 'GET /status');
      return { json: found, lines: statusLines(found) };
    } catch (error) {
      if (!(error instanceof ConduitError) || error.code !== 'AGENT_NOT_RUNNING') throw error;
    }
    const identity = await AgentIdentity.load(stateFolder).catch(() => undefined);
    const { paused } = new LocalRules(stateFolder);
    return {
      json: { running: false, enrolled: identity !== undefined, paused },
      lines: [
        'Running:   no',
        `Enrolled:  ${identity ? `as agent ${identity.agentId}` : 'no'}`,
        `Paused:    ${paused ? 'yes' : 'no'}`,
      ],
      exitCode: 1,
    };
  },
};

const doctor: Command = {
  summary: 'prove what each database login cannot do, by trying',
  async run({ stateFolder, progress }) {
    const config = readAgentConfig(stateFolder);
    if (config.sites.length === 0) throw usageProblem('agent.json names no site');
    progress(`Trying the logins of ${config.sites.length} site(s)…`);
    // Loaded here: no other command needs the database driver.
    const { runDoctor } = await import('#apps/agent/src/pms/doctor.js');
    const findings = await runDoctor(config);
    const bad = findings.filter(({ ok }) => !ok);
    const lines = findings.flatMap(({ ok, severity, catalogue, words, remedy }) => [
      `${ok ? 'ok      ' : severity.padEnd(8)}  ${catalogue === undefined ? '' : `${catalogue}: `}${words}`,
      ...(remedy === undefined ? [] : [`          ${remedy}`]),
    ]);
    return {
      json: { findings },
      lines: [...lines, bad.length === 0 ? 'All is well.' : `${bad.length} to look at.`],
      exitCode: bad.some(({ severity }) => severity === 'critical') ? 1 : 0,
    };
  },
};

export const serviceCommands = {
  run,
  enrol: enrolCommand,
  status,
  doctor,
  'update-window': updateWindow,
};
