/** Single connections for errands of the agent's own, outside the pools of integrators' statements. */
import { Connection } from 'tedious';
import type { LoginSettings, SiteSettings } from '#apps/agent/src/agent.config.js';

export interface OwnConnectionWishes {
  appName: string;
  connectTimeoutMs: number;
  requestTimeoutMs: number;
  /** Absent: the login's own. */
  database?: string;
}

/**
 * Connects and logs in.
 * @throws what tedious reports; the connection is closed then
 */
export async function openOwnConnection(
  site: SiteSettings,
  login: LoginSettings,
  wishes: OwnConnectionWishes,
): Promise<Connection> {
  const [server, instanceName] = site.server.split('\\');
  const connection = new Connection({
    server: server as string,
    authentication: {
      type: 'default',
      options: { userName: login.user, password: login.password.reveal() },
    },
    options: {
      ...(site.port === undefined ? { instanceName } : { port: site.port }),
      ...(wishes.database !== undefined && { database: wishes.database }),
      encrypt: site.encrypt,
      trustServerCertificate: site.trustServerCertificate,
      connectTimeout: wishes.connectTimeoutMs,
      requestTimeout: wishes.requestTimeoutMs,
      appName: wishes.appName,
    },
  });
  // Each failure reaches its own caller; without a listener this event would end the process.
  connection.on('error', () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
