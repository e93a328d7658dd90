/** Which SQL Server the agent talks to: the sandbox clinic, or one that is given as a URL. */
import { StartError } from '#deploy/dev/child-program.js';

export interface PmsTarget {
  server: string;
  port: number;
  trustServerCertificate: boolean;
  catalogues: { name: string; database: string; isDefault: boolean }[];
  logins: Record<'read' | 'write', { user: string; password: string }>;
}

/** The line that the sandbox prints when it is ready. */
export interface SandboxReady {
  host: string;
  port: number;
  catalogues: string[];
  logins: Record<'admin' | 'read' | 'write' | 'none', { user: string; password: string }>;
}

export function sandboxTarget(ready: SandboxReady): PmsTarget {
  return {
    server: ready.host,
    port: ready.port,
    trustServerCertificate: true,
    catalogues: ready.catalogues.map((name, index) => ({
      name,
      database: name,
      isDefault: index === 0,
    })),
    logins: { read: ready.logins.read, write: ready.logins.write },
  };
}

/** `mssql://user:password@host:port/database`; the one login serves both tiers. */
export function urlTarget(text: string): PmsTarget {
  const usage = '--pms takes mssql://user:password@host:port/database';
  if (!URL.canParse(text)) throw new StartError(usage);
  const url = new URL(text);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (url.protocol !== 'mssql:' || !url.username || !url.hostname || !database) {
    throw new StartError(usage);
  }
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
  };
}
