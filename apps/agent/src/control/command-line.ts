/**
 * The frame of every command: options, help, plain or JSON output, one way to fail. Exit codes:
 * 0 done, 1 failed, 2 not understood.
 */
import { existsSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';

import { catalogue } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { plain, plainJson } from '#apps/agent/src/control/terminal-text.js';
import { AgentConfigError, defaultStateFolder } from '#apps/agent/src/read-agent-config.js';

/** Where a command speaks and listens. */
export interface Terminal {
  out(line: string): void;
  /** Progress and errors: never mixed with what a script reads. */
  err(line: string): void;
  /** Undefined when nobody sits there. */
  ask: ((question: string) => Promise<string>) | undefined;
}

export interface Invocation {
  stateFolder: string;
  /** What follows the command, in the order of `arguments`. */
  arguments: string[];
  options: Record<string, string | undefined>;
  flags: ReadonlySet<string>;
  terminal: Terminal;
  /** Says what is going on, when people read along. */
  progress(line: string): void;
}

/** What a command found: printed as lines, or as JSON with `--json`. */
export interface Outcome {
  lines: string[];
  json: object;
  /** Done, but with an answer that a script should notice; default 0. */
  exitCode?: 0 | 1;
}

export interface Command {
  summary: string;
  /** Names of what must follow; one in brackets may. */
  arguments?: readonly string[];
  /** Option name to its help: `VALUE  what it means`. */
  options?: Record<string, string>;
  flags?: Record<string, string>;
  /** Works where no agent was ever set up. */
  withoutState?: true;
  run(invocation: Invocation): Promise<Outcome | undefined>;
}

const sharedOptions = { state: 'DIR  folder of the agent; else CONDUIT_AGENT_STATE' };
const sharedFlags = { json: 'print JSON', help: 'print this' };

export const usageProblem = (problem: string): ConduitError =>
  new ConduitError('COMMAND_INVALID', { facts: { problem } });

/** @returns the exit code; never rejects */
export async function runCommandLine(
  commands: Record<string, Command>,
  argv: readonly string[],
  terminal: Terminal,
): Promise<0 | 1 | 2> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(overview(commands));
    return name === undefined ? 2 : 0;
  }
  const asJson = rest.includes('--json');
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw usageProblem('there is no such command; --help lists them');
    if (rest.includes('--help') || rest.includes('-h')) {
      terminal.out(commandHelp(name, command));
      return 0;
    }
    const invocation = invocationOf(command, rest, terminal);
    // A folder misspelt must not make a kill switch that is connected to nothing.
    if (!command.withoutState && !existsSync(invocation.stateFolder))
      throw usageProblem('the state folder does not exist');
    const outcome = await command.run(invocation);
    if (!outcome) return 0;
    if (asJson) terminal.out(plainJson(outcome.json));
    else for (const line of outcome.lines) terminal.out(plain(line));
    return outcome.exitCode ?? 0;
  } catch (error) {
    return fail(error, terminal, asJson);
  }
}

function invocationOf(command: Command, rest: string[], terminal: Terminal): Invocation {
  const texts = Object.keys({ ...sharedOptions, ...command.options });
  const booleans = Object.keys({ ...sharedFlags, ...command.flags });
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const option of texts) options[option] = { type: 'string' };
  for (const flag of booleans) options[flag] = { type: 'boolean' };
  let parsed;
  try {
    parsed = parseArgs({ args: rest, options, allowPositionals: true, strict: true });
  } catch {
    // parseArgs repeats what was typed, which may be a code.
    throw usageProblem('an option is unknown or lacks its value');
  }
  const wanted = command.arguments ?? [];
  const needed = wanted.filter((argument) => !argument.startsWith('['));
  if (parsed.positionals.length < needed.length || parsed.positionals.length > wanted.length)
    throw usageProblem(`needs ${wanted.length === 0 ? 'no argument' : wanted.join(' ')}`);
  const chosen: Record<string, string | undefined> = {};
  for (const option of texts) chosen[option] = parsed.values[option] as string | undefined;
  return {
    stateFolder: chosen['state'] ?? defaultStateFolder(),
    arguments: parsed.positionals,
    options: chosen,
    flags: new Set(booleans.filter((flag) => parsed.values[flag] === true)),
    terminal,
    progress: parsed.values['json'] === true ? () => undefined : (line) => terminal.err(line),
  };
}

function fail(error: unknown, terminal: Terminal, asJson: boolean): 1 | 2 {
  if (error instanceof AgentConfigError) {
    if (asJson) terminal.out(JSON.stringify({ error: { problems: error.problems } }, undefined, 2));
    else terminal.err(`The settings in agent.json are not right:\n${error.message}`);
    return 1;
  }
  const { code, facts } = isForbidden(error)
    ? new ConduitError('CONTROL_REFUSED')
    : toConduitError(error);
  const { title, remedy, whoCanFix } = catalogue[code];
  if (asJson) {
    const said = { code, title, remedy, whoCanFix, ...facts };
    terminal.out(plainJson({ error: said }));
  } else {
    const details = [facts.field, facts.problem, facts.reason, facts.host].filter(Boolean);
    terminal.err(plain(`${title} (${[code, ...details].join(', ')})`));
    terminal.err(`What to do: ${remedy}`);
  }
  return code === 'COMMAND_INVALID' ? 2 : 1;
}

/** The system's own no to a file of the agent. */
function isForbidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}

function overview(commands: Record<string, Command>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  return [
    'Usage: conduit-agent COMMAND [OPTIONS]',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`),
    '',
    'COMMAND --help says more. Exit codes: 0 done, 1 failed, 2 not understood.',
  ].join('\n');
}

function commandHelp(name: string, command: Command): string {
  const options = Object.entries({ ...command.options, ...sharedOptions }).map(
    ([option, help]): [string, string] => {
      const [value = '', ...words] = help.split('  ');
      return [`--${option} ${value}`, words.join('  ')];
    },
  );
  const flags = Object.entries({ ...command.flags, ...sharedFlags }).map(
    ([flag, help]): [string, string] => [`--${flag}`, help],
  );
  const rows = [...options, ...flags];
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    `Usage: conduit-agent ${[name, ...(command.arguments ?? [])].join(' ')} [OPTIONS]`,
    '',
    command.summary,
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`),
  ].join('\n');
}
