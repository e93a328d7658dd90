/** What an agent says about its registered queries, read before anything believes it. */
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { IfGiven } from '#libs/contracts/if-given.js';
import type { QueryErrorType } from '#libs/contracts/link-messages.js';
import { registeredLimits, type RunOutcome } from '#libs/contracts/registered.js';

const MOST_TIME_MS = 8_640_000_000_000_000;
const MOST_INT = 2_147_483_647;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

class SealedErrorDto {
  @Matches(BASE64URL)
  @MaxLength(1_000)
  keyEnvelope!: string;

  @Matches(BASE64URL)
  @MaxLength(32_000)
  sealed!: string;
}

export class RunReportDto {
  @IsUUID()
  registeredId!: string;

  @IsInt()
  @Min(1)
  @Max(MOST_TIME_MS)
  run!: number;

  @IsInt()
  @Min(0)
  @Max(MOST_TIME_MS)
  startedAtMs!: number;

  @IsInt()
  @Min(0)
  @Max(MOST_INT)
  executionMs!: number;

  @IsIn(['changed', 'unchanged', 'failed'])
  outcome!: RunOutcome;

  @IfGiven()
  @Matches(/^[A-Za-z0-9+/]{43}=$/)
  hash?: string;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(MOST_INT)
  rows?: number;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(MOST_INT)
  size?: number;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(MOST_TIME_MS)
  basis?: number;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(MOST_INT)
  added?: number;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(MOST_INT)
  changed?: number;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(MOST_INT)
  removed?: number;

  /** One that this version does not know is kept as INTERNAL. */
  @IfGiven()
  @IsString()
  @MaxLength(64)
  errorCode?: string;

  @IfGiven()
  @IsIn(['mssql', 'fbsql', 'http', 'haloLink'])
  errorType?: QueryErrorType;

  @IfGiven()
  @IsInt()
  @Min(-MOST_INT)
  @Max(MOST_INT)
  errorNumber?: number;

  @IfGiven()
  @IsObject()
  @ValidateNested()
  @Type(() => SealedErrorDto)
  sealedError?: SealedErrorDto;

  @IfGiven()
  @IsBoolean()
  stopped?: boolean;

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(MOST_TIME_MS)
  nextRunAtMs?: number;
}

export class RegisteredReportDto {
  @IsArray()
  @ArrayMaxSize(registeredLimits.runsPerReport)
  @ValidateNested({ each: true })
  @Type(() => RunReportDto)
  runs!: RunReportDto[];
}

class HeldDto {
  @IsUUID()
  registeredId!: string;

  @IsInt()
  @Min(0)
  @Max(MOST_INT)
  revision!: number;
}

export class RegisteredSyncDto {
  @IsArray()
  @ArrayMaxSize(2 * registeredLimits.perAgent)
  @ValidateNested({ each: true })
  @Type(() => HeldDto)
  held!: HeldDto[];
}
