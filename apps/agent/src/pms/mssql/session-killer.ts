/** Ends sessions that will not stop, by a login that can do nothing else. */
import { Request, type Connection } from 'tedious';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import { askAsWatchdog } from '#apps/agent/src/pms/mssql/watch-session.js';

export class SessionKiller {
  private readonly sessions = new WeakMap<Connection, number>();

  constructor(private readonly site: SiteSettings) {}

  /** Learns a connection's session number once; without a kill login there is nothing to learn. */
  async learn(connection: Connection): Promise<void> {
    if (this.site.logins.kill === undefined || this.sessions.has(connection)) return;
    this.sessions.set(connection, await sessionNumber(connection));
  }

  /** Resolves when the session was killed or it proved impossible; never rejects. */
  async kill(connection: Connection): Promise<void> {
    const session = this.sessions.get(connection);
    const { kill } = this.site.logins;
    if (session === undefined || kill === undefined) return;
    // Failing that, the socket is dropped next; the server ends the session when it notices.
    await askAsWatchdog(this.site, kill, `KILL ${session}`).catch(() => undefined);
  }
}

function sessionNumber(connection: Connection): Promise<number> {
  return new Promise((resolve, reject) => {
    let number = 0;
    const request = new Request('SELECT @@SPID', (error) =>
      error ? reject(error) : resolve(number),
    );
    request.on('row', (columns: { value: unknown }[]) => {
      number = Number(columns[0]?.value);
    });
    connection.execSqlBatch(request);
  });
}
