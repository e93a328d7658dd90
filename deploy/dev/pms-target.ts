/** Which SQL Server the agent talks to: the sandbox clinic, or one that is given as a URL. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { StartError } from '#deploy/dev/child-program.js';

export interface PmsTarget {
  server: string;
  port: number;
  trustServerCertificate: boolean;
  catalogues: { name: string; database: string; isDefault: boolean }[];
  logins: Record<'read' | 'write', { user: string; password: string }>;
  /** Where the agent may keep its write journal. */
  journal?: JournalPlace;
}

interface JournalPlace {
  database: string;
  schema?: string;
  table?: string;
}

type SandboxLogin = 'admin' | 'read' | 'write' | 'none';

/** The line that the sandbox prints when it is ready. It goes into a log: no password is in it. */
export interface SandboxReady {
  host: string;
  port: number;
  catalogues: string[];
  journal: JournalPlace;
  users: Record<SandboxLogin, string>;
  /** JSON, readable by its owner: `passwords` by login. */
  passwordFile: string;
}

export function sandboxTarget(ready: SandboxReady): PmsTarget {
  const { passwords } = JSON.parse(readFileSync(ready.passwordFile, 'utf8')) as {
    passwords: Record<SandboxLogin, string>;
  };
  const login = (name: SandboxLogin): { user: string; password: string } => ({
    user: ready.users[name],
    password: passwords[name],
  });
  return {
    server: ready.host,
    port: ready.port,
    trustServerCertificate: true,
    catalogues: ready.catalogues.map((name, index) => ({
      name,
      database: name,
      isDefault: index === 0,
    })),
    logins: { read: login('read'), write: login('write') },
    journal: ready.journal,
  };
}

/**
 * `mssql://user:password@host:port/database`; the one login serves both tiers. `?journal=DATABASE` says
 * where `agent journal-script` was run; without it writes are refused.
 */
export function urlTarget(text: string): PmsTarget {
  const usage = '--pms takes mssql://user:password@host:port/database';
  if (!URL.canParse(text)) throw new StartError(usage);
  const url = new URL(text);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (url.protocol !== 'mssql:' || !url.username || !url.hostname || !database) {
    throw new StartError(usage);
  }
  const journal = url.searchParams.get('journal');
  const login = {
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  return {
    server: url.hostname,
    port: Number(url.port || 1433),
    trustServerCertificate: true,
    catalogues: [{ name: database, database, isDefault: true }],
    logins: { read: login, write: login },
    ...(journal && { journal: { database: journal } }),
  };
}

const ANSWER_MS = 5_000;

/** Asks early whether anything listens there, since the agent could only say so much later. */
export async function requireReachable({ server, port }: PmsTarget): Promise<void> {
  const problem = await new Promise<string | undefined>((resolve) => {
    const probe = connect({ host: server, port, timeout: ANSWER_MS });
    const settle = (found?: string): void => {
      probe.destroy();
      resolve(found);
    };
    probe.once('connect', () => settle());
    probe.once('timeout', () => settle(`does not answer within ${ANSWER_MS / 1000} seconds`));
    probe.once('error', (error: NodeJS.ErrnoException) => settle(inWords(error.code)));
  });
  if (problem === undefined) return;
  throw new StartError(
    `The SQL Server of --pms, ${server}:${port}, ${problem}.
    Check the host and the port, that SQL Server runs, that TCP/IP is switched on for it, and the firewall.`,
  );
}

function inWords(code: string | undefined): string {
  if (code === 'ECONNREFUSED') return 'refuses connections: nothing listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'has a name that cannot be looked up';
  return `cannot be reached (${code ?? 'unknown reason'})`;
}
