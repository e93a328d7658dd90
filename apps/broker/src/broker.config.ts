/**
 * Every setting of the broker, read once from the environment. All problems are reported together,
 * each by its variable; no value is ever printed. read-broker-config.ts fills it.
 */
import 'reflect-metadata';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsEmail,
  IsIn,
  IsInstance,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { isRange } from '#apps/broker/src/access/address-ranges.js';
import { AddressTable } from '#apps/broker/src/residency/address-table.js';
import { ResidencyManifest } from '#apps/broker/src/residency/residency-manifest.js';
import { parseVerifierKey } from '#libs/audit/signed-note.js';
import { DEFAULT_LIMITS } from '#libs/link/link-limits.js';
import { Secret } from '#libs/kernel/secret.js';
import { redisAddress } from '#libs/redis/redis-address.js';

export const brokerRoles = ['api', 'gateway', 'worker'] as const;
export type BrokerRole = (typeof brokerRoles)[number];

export const linkCompressions = ['always', 'auto', 'never'] as const;

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

const isRedisAddress = (url: unknown): boolean =>
  url instanceof Secret && redisAddress(String(url.reveal())) !== undefined;

const PORT_MAX = 65_535;
const BODY_BYTES_MAX = DEFAULT_LIMITS.maxRequestBytes - 64 * 1024;

const hasEitherTlsFile = ({ tlsKeyFile, tlsCertFile }: BrokerConfig): boolean =>
  tlsKeyFile !== undefined || tlsCertFile !== undefined;

export class BrokerConfig {
  /** CONDUIT_STATE_DIR: keys, the embedded database, the operator token. */
  @IsString()
  @MinLength(1)
  stateDir!: string;

  /** CONDUIT_ROLES or --role: api, gateway, worker, or all. */
  @IsArray()
  @ArrayNotEmpty()
  @IsIn(brokerRoles, { each: true })
  roles: BrokerRole[] = [...brokerRoles];

  /** CONDUIT_ENVIRONMENT: the `<env>` part of the keys it issues. */
  @Matches(/^[a-z]{2,8}$/)
  environment: string = 'dev';

  /** CONDUIT_API_HOST */
  @IsString()
  apiHost: string = '127.0.0.1';

  /** CONDUIT_API_PORT; 0: any free one. */
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  apiPort: number = 8443;

  /**
   * CONDUIT_TLS_KEY_FILE: PEM of the API's private key. Absent, with the certificate: one made at
   * each start and signed by the installation's own device authority, for development.
   */
  @ValidateIf(hasEitherTlsFile)
  @IsString()
  @MinLength(1)
  tlsKeyFile?: string;

  /** CONDUIT_TLS_CERT_FILE: PEM of the API's certificate and its intermediates. */
  @ValidateIf(hasEitherTlsFile)
  @IsString()
  @MinLength(1)
  tlsCertFile?: string;

  /**
   * CONDUIT_CONSOLE_ORIGIN: where people open the console, e.g. `https://console.example.org`. Passkeys
   * are made for its host and serve on no other, so it is chosen once. Absent: `https://localhost` with
   * the API's port, for development.
   */
  @IsOptional()
  @Matches(/^https:\/\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$/)
  consoleOrigin?: string;

  /**
   * CONDUIT_CONSOLE_LOCAL_PORT: the console over plain HTTP at `http://localhost`, on this machine only,
   * where browsers allow passkeys without a trusted certificate; 0: any free one. Only where
   * CONDUIT_ENVIRONMENT is dev and NODE_ENV is not production.
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  consoleLocalPort?: number;

  /**
   * CONDUIT_SMTP_URL: the server that takes mail, `smtps://user:password@host` or `smtp://host:587`;
   * or CONDUIT_SMTP_URL_FILE. Absent: invitations are shown as links and mailed to nobody.
   */
  @IsOptional()
  @IsInstance(Secret)
  smtpUrl?: Secret;

  /** CONDUIT_MAIL_FROM: whom mail comes from. */
  @IsEmail()
  mailFrom: string = 'conduit@localhost.localdomain';

  /**
   * CONDUIT_OIDC_ISSUER: a provider whose accounts people may link and sign in with, besides their
   * passkeys; `https://…`, or `http://127.0.0.1…` for tests where CONDUIT_ENVIRONMENT is dev. Its
   * redirect address is the console's `/console/api/oidc/callback`.
   */
  @IsOptional()
  @Matches(/^(?:https:\/\/[^\s/?#]+|http:\/\/127\.0\.0\.1(?::\d+)?)(?:\/[^\s?#]*)?$/)
  oidcIssuer?: string;

  /** CONDUIT_OIDC_CLIENT_ID: what this installation is called there; needed with an issuer. */
  @ValidateIf(({ oidcIssuer }: BrokerConfig) => oidcIssuer !== undefined)
  @IsString()
  @MinLength(1)
  oidcClientId?: string;

  /** CONDUIT_OIDC_CLIENT_SECRET, or CONDUIT_OIDC_CLIENT_SECRET_FILE; absent: a public client. */
  @IsOptional()
  @IsInstance(Secret)
  oidcClientSecret?: Secret;

  /** CONDUIT_OIDC_LABEL: what the button calls the provider; absent: its host. */
  @IsOptional()
  @IsString()
  @MaxLength(60)
  oidcLabel?: string;

  /** CONDUIT_GATEWAY_HOST */
  @IsString()
  gatewayHost: string = '127.0.0.1';

  /** CONDUIT_GATEWAY_PORT: where agents dial in; 0: any free one. */
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  gatewayPort: number = 8444;

  /** CONDUIT_GATEWAY_NAME: the host name agents know the gateway by; its certificate carries it. */
  @IsString()
  @MinLength(1)
  gatewayName: string = 'localhost';

  /**
   * CONDUIT_NODE_ADDRESS: `host` or `host:port` at which the other nodes of a broker of several reach this
   * one, so that they send on to it what is asked of its agents; needs REDIS_URL, and its host declared for
   * `node`. Absent: callers reach this node's agents at this node alone.
   */
  @IsOptional()
  @Matches(/^(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z]([0-9A-Za-z.-]{0,251}[0-9A-Za-z])?)(:\d{1,5})?$/)
  nodeAddress?: string;

  /** CONDUIT_NODE_HOST: where this one listens for other nodes; a network of their own. */
  @IsString()
  nodeHost: string = '127.0.0.1';

  /** CONDUIT_NODE_PORT; 0: any free one. */
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  nodePort: number = 8445;

  /** CONDUIT_TRUST_DOMAIN: the domain in agents' SPIFFE ids. */
  @Matches(/^[a-z0-9.-]{1,255}$/)
  trustDomain: string = 'conduit.internal';

  /** CONDUIT_METRICS_HOST */
  @IsString()
  metricsHost: string = '127.0.0.1';

  /** CONDUIT_METRICS_PORT: plain HTTP for Prometheus, on an address of its own; 0: any free one. */
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  metricsPort: number = 9464;

  /** DATABASE_URL; absent: PGlite in the state folder. */
  @IsOptional()
  @IsInstance(Secret)
  databaseUrl?: Secret;

  /**
   * REDIS_URL: `unix:///path`, `redis[s]://user:password@host:port` or, for a cluster,
   * `redis[s]-cluster://user:password@host:port,host:port`; with TLS `?ca=/path/to/authority.pem`.
   * Absent: this node stands alone.
   */
  @IsOptional()
  @IsInstance(Secret)
  @ValidateBy(
    { name: 'isRedisAddress', validator: { validate: isRedisAddress } },
    {
      message: '$property must be the address of a Redis, and the authority it names readable',
    },
  )
  redisUrl?: Secret;

  /** CONDUIT_TRUST_PROXY: addresses or CIDR ranges of the load balancers whose X-Forwarded-For counts. */
  @IsArray()
  @Matches(/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/, { each: true })
  trustProxy: string[] = [];

  /** CONDUIT_OPERATOR_RANGES: where `/operator` may be called from besides this machine; CIDR. */
  @IsArray()
  @ValidateBy(
    { name: 'isRange', validator: { validate: (range: unknown) => isRange(String(range)) } },
    { each: true, message: '$property must be addresses or CIDR ranges' },
  )
  operatorRanges: string[] = [];

  /**
   * CONDUIT_WEBHOOK_PRIVATE_RANGES: private addresses, CIDR, that webhooks may be sent to all the same.
   * For development and tests: whoever holds an API key can have this node call there.
   */
  @IsArray()
  @ValidateBy(
    { name: 'isRange', validator: { validate: (range: unknown) => isRange(String(range)) } },
    { each: true, message: '$property must be addresses or CIDR ranges' },
  )
  webhookPrivateRanges: string[] = [];

  /** CONDUIT_WEBHOOK_CA_FILE: PEM of an authority that webhook receivers may have besides the public ones. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  webhookCaFile?: string;

  /**
   * CONDUIT_RESIDENCY_FILE: the hosts that this installation may contact (docs/residency.md). Absent:
   * none, and in development those of this machine.
   */
  @IsInstance(ResidencyManifest)
  residency: ResidencyManifest = ResidencyManifest.none(true);

  /**
   * CONDUIT_ADDRESS_TABLE_FILE: which country an address is in, `CIDR,country` a line; webhooks then go
   * to no address outside their integrator's declared countries. Absent: its own word counts.
   */
  @IsOptional()
  @IsInstance(AddressTable)
  addressTable?: AddressTable;

  /** CONDUIT_KEY_PEPPER, base64; absent: made once and kept in the state folder. */
  @IsInstance(Secret)
  keyPepper!: Secret<Buffer>;

  /** CONDUIT_PAIRING_PEPPER, base64; absent: made once and kept in the state folder. */
  @IsInstance(Secret)
  pairingPepper!: Secret<Buffer>;

  /**
   * CONDUIT_AUDIT_LOG_KEY, base64: seed of the Ed25519 key that signs the audit log; absent: made once
   * and kept in the state folder. A log whose key is lost cannot be continued.
   */
  @IsInstance(Secret)
  auditLogKey!: Secret<Buffer>;

  /** CONDUIT_AUDIT_WITNESSES: verifier keys of those outside who may cosign heads of the audit log. */
  @IsArray()
  @ArrayMaxSize(32)
  @ValidateBy(
    {
      name: 'isWitness',
      validator: {
        validate: (key: unknown) => parseVerifierKey(String(key))?.type === 'cosignature',
      },
    },
    { each: true, message: '$property must be verifier keys of witnesses, type 4' },
  )
  auditWitnesses: string[] = [];

  /** The bearer token of `/operator`, in `<state folder>/operator-token`; made once. */
  @IsInstance(Secret)
  operatorToken!: Secret;

  /**
   * CONDUIT_MAX_BODY_BYTES: of a query; every other body may have 64 KB. With what is said about it,
   * it has to fit into one request of the link.
   */
  @IsInt()
  @Min(1_024)
  @Max(BODY_BYTES_MAX)
  maxBodyBytes: number = 9 * 1024 * 1024;

  /** CONDUIT_KEY_RATE_PER_SECOND: sustained rate of one key on this node. */
  @IsInt()
  @Min(1)
  keyRatePerSecond: number = 50;

  /** CONDUIT_KEY_RATE_BURST: requests one key may send at once. */
  @IsInt()
  @Min(1)
  keyRateBurst: number = 200;

  /** CONDUIT_MAX_WAITING_QUERIES: async queries that one integrator may have waiting at one site. */
  @IsInt()
  @Min(1)
  maxWaitingQueries: number = 1_000;

  /** CONDUIT_STRANGER_RATE_PER_SECOND: enrolment, recovery and time, sustained, from one address. */
  @IsInt()
  @Min(1)
  strangerRatePerSecond: number = 2;

  /** CONDUIT_STRANGER_RATE_BURST: of those at once; many agents may sit behind one address. */
  @IsInt()
  @Min(1)
  strangerRateBurst: number = 100;

  /** CONDUIT_MAX_WHOLE_ANSWER_BYTES: of answers that are not streamed, held at once by this node. */
  @IsInt()
  @Min(8 * 1024 * 1024)
  maxWholeAnswerBytes: number = 256 * 1024 * 1024;

  /**
   * CONDUIT_TAKE_ANSWER_SECONDS: in which a caller has to take an answer that is not streamed, 11 MB at
   * the most, once it is there; then the connection is cut.
   */
  @IsInt()
  @Min(1)
  @Max(3_600)
  takeAnswerSeconds: number = 120;

  /**
   * CONDUIT_LINK_COMPRESSION: whether agents send rows above 4 KB as brotli; auto: only those that the
   * caller takes as brotli, so that this node never unpacks.
   */
  @IsIn(linkCompressions)
  linkCompression: (typeof linkCompressions)[number] = 'always';

  /** CONDUIT_MAX_TRANSIENT_BYTES: of sealed requests and results that rest in Redis altogether. */
  @IsInt()
  @Min(1024 * 1024)
  maxTransientBytes: number = 1024 * 1024 * 1024;

  /** CONDUIT_MAX_TRANSIENT_BYTES_EACH: of those, one integrator's. */
  @IsInt()
  @Min(1024 * 1024)
  maxTransientBytesEach: number = 256 * 1024 * 1024;

  /** CONDUIT_SERVER_CERTIFICATE_SECONDS: life of this node's own certificate; renewed at half of it. */
  @IsInt()
  @Min(2)
  serverCertificateSeconds: number = 90 * 24 * 3_600;

  /** CONDUIT_REGISTERED_PER_SITE: registered queries that one integrator may have at one site. */
  @IsInt()
  @Min(1)
  @Max(1_000)
  registeredPerSite: number = 200;

  /** CONDUIT_REGISTERED_PER_INTEGRATOR: registered queries that one may have at all its sites. */
  @IsInt()
  @Min(1)
  registeredPerIntegrator: number = 10_000;

  /**
   * CONDUIT_REGISTERED_MIN_SECONDS: from one run of a registered query to the next, at least. Less
   * than a minute only where CONDUIT_ENVIRONMENT is dev, for tests; the practice's own floor counts too.
   */
  @IsInt()
  @Min(1)
  @Max(86_400)
  registeredMinSeconds: number = 60;

  /** CONDUIT_DRAIN_SECONDS: how long a stopping node lets requests finish. */
  @IsInt()
  @Min(0)
  @Max(300)
  drainSeconds: number = 30;

  /** CONDUIT_LOG_LEVEL */
  @IsIn(logLevels)
  logLevel: (typeof logLevels)[number] = 'info';
}
