/**
 * Sessions of the watchdog's own login, one for each errand: to end a session that will not stop, and
 * to see who waits for ours. The logins that integrators' statements run under can do neither.
 */
import type { LoginSettings, SiteSettings } from '#apps/agent/src/agent.config.js';
import { APP_NAME } from '#apps/agent/src/pms/mssql/connection-pools.js';
import { openOwnConnection } from '#apps/agent/src/pms/mssql/own-connection.js';
import { ask, type OwnRow } from '#apps/agent/src/pms/mssql/own-batch.js';

const MOST_MS = 2_000;

/**
 * Connects, runs one batch and leaves.
 * @throws what tedious reports
 */
export async function askAsWatchdog(
  site: SiteSettings,
  login: LoginSettings,
  sql: string,
): Promise<OwnRow[]> {
  const wishes = { appName: APP_NAME, connectTimeoutMs: MOST_MS, requestTimeoutMs: MOST_MS };
  const connection = await openOwnConnection(site, login, wishes);
  try {
    return await ask(connection, sql, MOST_MS);
  } finally {
    connection.close();
  }
}

/**
 * Sessions of others that wait for one of ours. Without the right to see other sessions SQL Server
 * shows none at all, not even ours.
 */
const BLOCKED_BY_OURS = `SELECT
  (SELECT COUNT(*) FROM sys.dm_exec_sessions
   WHERE program_name = '${APP_NAME}' AND session_id <> @@SPID) AS seen,
  (SELECT COUNT(*) FROM sys.dm_exec_requests AS waits
   INNER JOIN sys.dm_exec_sessions AS ours ON ours.session_id = waits.blocking_session_id
   INNER JOIN sys.dm_exec_sessions AS theirs ON theirs.session_id = waits.session_id
   WHERE ours.program_name = '${APP_NAME}' AND theirs.program_name <> '${APP_NAME}') AS blocked`;

/** Undefined when there is no login for it, or none that may look. Never rejects. */
export async function countBlockedByOurs(site: SiteSettings): Promise<number | undefined> {
  const login = site.logins.kill;
  if (login === undefined) return undefined;
  const [row] = await askAsWatchdog(site, login, BLOCKED_BY_OURS).catch(() => []);
  return Number(row?.['seen'] ?? 0) > 0 ? Number(row?.['blocked']) : undefined;
}
