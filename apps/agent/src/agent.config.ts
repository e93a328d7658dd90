/**
 * Every setting of the agent: one JSON file, `<state folder>/agent.json`, and a few environment
 * variables that win over it. It is read once. All problems are reported together, each by its key;
 * no value is ever printed. Passwords become `Secret` and may live in files of their own.
 */
import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInstance,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  IsUrl,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Secret } from '#libs/kernel/secret.js';

const toSecret = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && value !== '' ? new Secret(value) : value;

/** `http` and `https` only, a host without a dot allowed (a proxy is often just a machine's name). */
const httpUrl = { protocols: ['http', 'https'], require_tld: false, require_protocol: true };

/** One SQL Server login. Give `password`, or `passwordFile`: the file's text without its last line end. */
export class LoginSettings {
  @IsString()
  @MaxLength(128)
  user!: string;

  /** Always set once the settings are read. */
  @Transform(toSecret)
  @IsInstance(Secret, { message: 'needs password or a readable passwordFile' })
  password!: Secret;

  @IsOptional()
  @IsString()
  passwordFile?: string;
}

/** The logins of a site, one for each tier. Their rights on the server are the true boundary. */
export class SiteLogins {
  @ValidateNested()
  @IsInstance(LoginSettings)
  @Type(() => LoginSettings)
  read!: LoginSettings;

  /** Absent: this site takes no writes. */
  @IsOptional()
  @ValidateNested()
  @IsInstance(LoginSettings)
  @Type(() => LoginSettings)
  write?: LoginSettings;

  /**
   * Holds ALTER ANY CONNECTION, to end a session that will not stop, and VIEW SERVER STATE, to see who
   * waits for ours; nothing else.
   */
  @IsOptional()
  @ValidateNested()
  @IsInstance(LoginSettings)
  @Type(() => LoginSettings)
  kill?: LoginSettings;
}

export class CatalogueSettings {
  /** The name integrators use. */
  @Matches(/^[\p{L}\p{N}_ -]{1,128}$/u)
  name!: string;

  /** The database's name on the server. */
  @IsString()
  @MaxLength(128)
  database!: string;

  @IsBoolean()
  isDefault: boolean = false;
}

/** Names that go into T-SQL between brackets. */
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_@#$ -]{0,127}$/u;

/**
 * Where the write journal is on the site's server: best in a database of its own, which no grant
 * covers. `agent journal-script` prints what makes it.
 */
export class JournalSettings {
  @Matches(IDENTIFIER)
  database!: string;

  @Matches(IDENTIFIER)
  schema: string = 'dbo';

  @Matches(IDENTIFIER)
  table: string = 'WriteJournal';

  /** Days for which a write is remembered, and not made again. */
  @IsInt()
  @Min(2)
  @Max(90)
  keepDays: number = 7;
}

/** What one site may cost the practice's server. A grant can lower these, never raise them. */
export class SiteLimits {
  /** Statements at once, all integrators together. */
  @IsInt()
  @Min(1)
  @Max(64)
  maxConcurrent: number = 8;

  @IsInt()
  @Min(1)
  @Max(64)
  maxConcurrentPerIntegrator: number = 4;

  @IsInt()
  @Min(1)
  maxRows: number = 5_000_000;

  /** Bytes of row text for one query. */
  @IsInt()
  @Min(1)
  maxResultBytes: number = 2_147_483_648;

  /** Milliseconds a statement may run. */
  @IsInt()
  @Min(100)
  @Max(600_000)
  maxExecutionMs: number = 300_000;

  /** Milliseconds a statement may wait for a lock. */
  @IsInt()
  @Min(0)
  @Max(60_000)
  lockTimeoutMs: number = 5_000;

  /** Seconds from one run of a registered query to the next, at least. */
  @IsInt()
  @Min(1)
  @Max(86_400)
  minFrequencySeconds: number = 60;

  /** Milliseconds to reach the database server and log in. */
  @IsInt()
  @Min(100)
  @Max(60_000)
  connectTimeoutMs: number = 5_000;

  /** Bytes on disk that sealed results may take while the line is slower than the database. */
  @IsInt()
  @Min(0)
  maxSpoolBytes: number = 2_147_483_648;

  /** Milliseconds after which a result that was not taken is destroyed. */
  @IsInt()
  @Min(1_000)
  @Max(86_400_000)
  maxSpoolMs: number = 3_600_000;
}

/** One PMS database installation that this agent serves. */
export class SiteSettings {
  @IsUUID()
  siteId!: string;

  @Matches(/^[A-Za-z0-9]{1,40}$/)
  pmsType: string = 'BestPractice';

  /** Host, or `host\INSTANCE`. */
  @Matches(/^[A-Za-z0-9._:-]+(\\[A-Za-z0-9_$]+)?$/)
  @MaxLength(255)
  server!: string;

  /** Absent with a named instance: SQL Server Browser is asked. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  port?: number;

  @IsBoolean()
  encrypt: boolean = true;

  @IsBoolean()
  trustServerCertificate: boolean = false;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique((catalogue: CatalogueSettings) => catalogue?.name?.toLowerCase())
  @ValidateNested({ each: true })
  @Type(() => CatalogueSettings)
  catalogues!: CatalogueSettings[];

  @ValidateNested()
  @IsInstance(SiteLogins)
  @Type(() => SiteLogins)
  logins!: SiteLogins;

  /** Absent: no write journal, and no writes but under a grant that permits them without. */
  @IsOptional()
  @ValidateNested()
  @IsInstance(JournalSettings)
  @Type(() => JournalSettings)
  journal?: JournalSettings;

  @ValidateNested()
  @IsInstance(SiteLimits)
  @Type(() => SiteLimits)
  limits: SiteLimits = new SiteLimits();
}

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

export class AgentConfig {
  /** Folder that holds identity, grants, journal and the control socket. */
  @IsString()
  stateFolder!: string;

  /** The broker's public HTTPS address. Absent: the one that the agent enrolled with. */
  @IsOptional()
  @IsUrl({ ...httpUrl, protocols: ['https'] })
  brokerUrl?: string;

  /** HTTP proxy for CONNECT, `http://host:port`; credentials as `http://user:password@host:port`. */
  @IsOptional()
  @Transform(toSecret)
  @IsInstance(Secret)
  proxy?: Secret;

  @IsIn(logLevels)
  logLevel: LogLevel = 'info';

  /** Bytes of the disk that waiting results leave free, whatever their own cap. */
  @IsInt()
  @Min(0)
  spoolKeepFreeBytes: number = 1_073_741_824;

  /** Bytes that registered queries may take on disk: the last result of each, and what changed. */
  @IsInt()
  @Min(1_048_576)
  registeredMaxBytes: number = 2_147_483_648;

  /** Days that the journal keeps what was executed and refused; more than a year, unless it is set. */
  @IsInt()
  @Min(30)
  @Max(36_500)
  journalKeepDays: number = 400;

  @IsArray()
  @ArrayUnique((site: SiteSettings) => site?.siteId)
  @ValidateNested({ each: true })
  @Type(() => SiteSettings)
  sites: SiteSettings[] = [];
}

/** Names on the database server of those catalogues that a site has; empty for an unknown site. */
export function databasesOf(
  { sites }: AgentConfig,
  siteId: string,
  catalogues: readonly string[],
): string[] {
  const site = sites.find((candidate) => candidate.siteId.toLowerCase() === siteId.toLowerCase());
  const wanted = new Set(catalogues.map((name) => name.toLowerCase()));
  const covered = site?.catalogues.filter(({ name }) => wanted.has(name.toLowerCase())) ?? [];
  return covered.map(({ database }) => database);
}
