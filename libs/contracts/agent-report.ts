/** What an agent tells the broker about itself over the link, as the broker checks it. */
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  Equals,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { IfGiven } from '#libs/contracts/if-given.js';
import {
  siteLoads,
  type AgentReport,
  type SiteLoad,
  type SiteReport,
} from '#libs/contracts/link-messages.js';

const WEEK_MS = 7 * 86_400_000;
const MANY = 1_000_000;

/** A count or a time that is there or not, and never absurd. */
const IfCount = (max: number): PropertyDecorator => {
  const rules = [IfGiven(), IsInt(), Min(0), Max(max)];
  return (target, property) => rules.forEach((rule) => rule(target, property));
};

export class ReportedCatalogueDto {
  @IsString()
  @MaxLength(128)
  name!: string;

  @IsBoolean()
  isDefault!: boolean;
}

export class SiteReportDto implements SiteReport {
  @IsUUID()
  siteId!: string;

  @IsIn(['ok', 'unavailable', 'loginRefused', 'unknown'])
  database!: SiteReport['database'];

  @IfCount(WEEK_MS)
  probeAgeMs?: number;

  @IfCount(WEEK_MS)
  latencyMs?: number;

  @IfCount(WEEK_MS)
  usualLatencyMs?: number;

  @IfGiven()
  @Equals(true)
  sandbox?: true;

  @IfCount(MANY)
  running?: number;

  @IfCount(MANY)
  waiting?: number;

  @IfCount(MANY)
  asyncPlaces?: number;

  @IfCount(MANY)
  asyncPlacesEach?: number;

  @IfGiven()
  @IsIn(siteLoads)
  load?: SiteLoad;

  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => ReportedCatalogueDto)
  catalogues!: ReportedCatalogueDto[];

  @IfGiven()
  @IsString()
  @MaxLength(64)
  pmsVersion?: string;

  @IfGiven()
  @IsString()
  @MaxLength(200)
  practiceName?: string;
}

/** Meta of `agent.report`. */
export class AgentReportDto implements AgentReport {
  @Matches(/^[0-9A-Za-z.+-]{1,40}$/)
  agentVersion!: string;

  @IsUUID()
  instanceId!: string;

  @IsInt()
  clockMs!: number;

  @IsBoolean()
  paused!: boolean;

  @IfCount(WEEK_MS)
  linkMs?: number;

  @IfGiven()
  @Matches(/^[A-Z][A-Z_]{2,59}$/)
  lastError?: string;

  @IfCount(WEEK_MS)
  lastErrorAgeMs?: number;

  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => SiteReportDto)
  sites!: SiteReportDto[];
}

/** Meta of `encryption-key.rotate`. */
export class EncryptionKeyDto {
  /** Raw X25519, base64url. */
  @Matches(/^[A-Za-z0-9_-]{43}$/)
  publicKey!: string;
}
