/** The command line of `npm start`. */
import { parseArgs } from 'node:util';
import { StartError } from '#deploy/dev/child-program.js';

export interface StartOptions {
  once: boolean;
  reset: boolean;
  port: number;
  state: string;
  scale?: number;
  pms?: string;
}

export const startHelp = `npm start -- [options]

Runs a whole conduit on this machine: Redis, sandbox clinic, broker, agent.

  --once           run one read and one write, print the rows, stop; exit 0, or say why not
  --reset          forget the state and start anew
  --port N         port of the API (8443); agents use the next one, the console the one after
  --scale N        patients in the sandbox clinic (5000)
  --pms URL        mssql://user:password@host:port/database, instead of the sandbox clinic;
                   ?journal=DATABASE may follow: where the write journal is, else no writes
  --state DIR      where state is kept (.conduit)
  --help           this text

Environment: DATABASE_URL uses a PostgreSQL of yours, REDIS_URL a Redis of yours; on another machine
they have to be declared in the file of CONDUIT_RESIDENCY_FILE (docs/residency.md).
Exit codes: 0 stopped when asked, 1 failed, 130 interrupted before it was ready.
`;

function wholeNumber(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw new StartError(`--${name} must be a whole number from ${from} to ${to}. See --help.`);
}

export function parseStartOptions(args: string[]): StartOptions | 'help' {
  const { values } = parseWords(args);
  if (values.help) return 'help';
  return {
    once: values.once,
    reset: values.reset,
    port: wholeNumber('port', values.port, 1, 65_533),
    state: values.state,
    ...(values.scale !== undefined && { scale: wholeNumber('scale', values.scale, 100, 500_000) }),
    ...(values.pms !== undefined && { pms: values.pms }),
  };
}

function parseWords(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        once: { type: 'boolean', default: false },
        reset: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        port: { type: 'string', default: '8443' },
        state: { type: 'string', default: '.conduit' },
        scale: { type: 'string' },
        pms: { type: 'string' },
      },
    });
  } catch (error) {
    throw new StartError(`${(error as Error).message.split('. ')[0]}. See --help.`);
  }
}
