/**
 * A Redis as deploy/redis sets it up: its own settings and users, TLS under a private authority, each
 * user with a password of its own. Only places and the port differ.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildProgram } from '#deploy/dev/child-program.js';
import { checkout } from '#deploy/dev/programs.js';
import { redisProgram } from '#deploy/dev/redis-server.js';
import { FixtureAuthority } from '#libs/link/certificates.fixture.js';

export const redisUsers = ['api', 'gateway', 'worker', 'broker', 'operator'] as const;
export type RedisUser = (typeof redisUsers)[number];

const deployed = (name: string): string => join(checkout, 'deploy', 'redis', name);

export class TlsRedis {
  private constructor(
    private readonly folder: string,
    private readonly server: ChildProgram,
    readonly port: number,
    private readonly passwords: ReadonlyMap<RedisUser, string>,
    /** PEM file of the authority that signed the server's certificate. */
    readonly caFile: string,
  ) {}

  static async start(): Promise<TlsRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'conduit-redis-tls-'));
    const at = (name: string): string => join(folder, name);
    const authority = await FixtureAuthority.create('Redis CA');
    const { cert, key } = await authority.server();
    writeFileSync(at('ca.pem'), authority.ca);
    writeFileSync(at('redis.pem'), cert);
    writeFileSync(at('redis.key'), key, { mode: 0o600 });
    const passwords = new Map(redisUsers.map((user) => [user, randomBytes(24).toString('hex')]));
    writeFileSync(at('users.acl'), usersWith(passwords), { mode: 0o600 });
    const port = await freePort();
    const server = await ChildProgram.start({
      name: 'Redis',
      command: redisProgram(),
      args: [
        ...[deployed('redis.conf'), '--tls-port', String(port), '--bind', '127.0.0.1'],
        ...['--tls-cert-file', at('redis.pem'), '--tls-key-file', at('redis.key')],
        ...['--tls-ca-cert-file', at('ca.pem'), '--aclfile', at('users.acl'), '--dir', folder],
      ],
      logFile: at('redis.log'),
      isReadyLine: (line) => line.includes('eady to accept connections'),
      readyWithinMs: 10_000,
    });
    return new TlsRedis(folder, server, port, passwords, at('ca.pem'));
  }

  /** What REDIS_URL takes, as the user of that name. */
  urlOf(user: RedisUser, password = this.passwords.get(user) ?? ''): string {
    const ca = encodeURIComponent(this.caFile);
    return `rediss://conduit-${user}:${password}@localhost:${this.port}?ca=${ca}`;
  }

  async stop(): Promise<void> {
    await this.server.stop(3_000);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The users as they are deployed, with the hashes of these passwords in their places. */
function usersWith(passwords: ReadonlyMap<RedisUser, string>): string {
  let text = readFileSync(deployed('users.acl'), 'utf8');
  for (const [user, password] of passwords) {
    const hash = createHash('sha256').update(password).digest('hex');
    text = text.replace(`PASSWORD_SHA256_${user.toUpperCase()}`, hash);
  }
  return text;
}

/** Redis takes no port of its own choice when it is to be found by TLS. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
