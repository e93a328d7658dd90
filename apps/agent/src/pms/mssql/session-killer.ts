/** Ends sessions that will not stop, by a login that can do nothing else. */
import { Connection, Request } from 'tedious';
import type { SiteSettings } from '#apps/agent/src/agent.config.js';
import { batch } from '#apps/agent/src/pms/mssql/connection-pools.js';

const KILL_TIMEOUT_MS = 2_000;

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
    const [server, instanceName] = this.site.server.split('\\');
    const killer = new Connection({
      server: server as string,
      authentication: {
        type: 'default',
        options: { userName: kill.user, password: kill.password.reveal() },
      },
      options: {
        ...(this.site.port === undefined ? { instanceName } : { port: this.site.port }),
        encrypt: this.site.encrypt,
        trustServerCertificate: this.site.trustServerCertificate,
        connectTimeout: KILL_TIMEOUT_MS,
        requestTimeout: KILL_TIMEOUT_MS,
        appName: 'conduit-agent',
      },
    });
    killer.on('error', () => {});
    try {
      await new Promise<void>((resolve, reject) => {
        killer.connect((error) => (error ? reject(error) : resolve()));
      });
      await batch(killer, `KILL ${session}`);
    } catch {
      // The socket is dropped next; the server ends the session when it notices.
    } finally {
      killer.close();
    }
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
