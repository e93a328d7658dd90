/** What the pages of an integrator send, checked before anything else looks at it. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  IsUrl,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import type {
  CreateClientRequest,
  CreateKeyRequest,
  Declaration,
  JsonObject,
  RotateKeyRequest,
  Subprocessor,
} from '#libs/console-api/integrator.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { IsAbn } from '#libs/contracts/is-abn.js';
import { IsMoment } from '#libs/contracts/is-moment.js';
import { purposes } from '#libs/grants/grant.js';

/** People's own words in one line: no control characters, no blanks at the ends. */
const LINE = /^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u;
/** The same, over several lines. */
const LINES = /^(?!\s)(?:[^\p{Cc}\p{Cs}]|\n)+(?<!\s)$/u;
const COUNTRY = /^[A-Z]{2}$/;
const PHONE = /^\+?[\d ()-]{6,30}$/;

class SubprocessorDto implements Subprocessor {
  @IsString()
  @Length(1, 200)
  @Matches(LINE)
  name!: string;

  @IfGiven()
  @Matches(COUNTRY)
  country?: string;

  @IfGiven()
  @IsString()
  @Length(1, 200)
  @Matches(LINE)
  purpose?: string;
}

export class DeclarationDto implements Declaration {
  @IsString()
  @Length(1, 200)
  @Matches(LINE)
  name!: string;

  @IfGiven()
  @IsAbn()
  abn?: string;

  @IfGiven()
  @IsString()
  @Length(1, 100)
  @Matches(LINE)
  contactName?: string;

  @IfGiven()
  @IsEmail()
  @MaxLength(254)
  contactEmail?: string;

  @IfGiven()
  @Matches(PHONE, { message: '$property must be a telephone number such as +61 3 5550 0100' })
  contactPhone?: string;

  @IfGiven()
  @IsUrl({ protocols: ['https'], require_protocol: true, require_tld: true })
  @MaxLength(200)
  website?: string;

  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(purposes, { each: true })
  purposes!: string[];

  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @Matches(COUNTRY, { each: true })
  countries!: string[];

  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => SubprocessorDto)
  subprocessors!: SubprocessorDto[];

  @IfGiven()
  @IsInt()
  @Min(0)
  @Max(36_500)
  retentionDays?: number;

  @IfGiven()
  @IsString()
  @Length(1, 1_000)
  @Matches(LINES)
  retention?: string;
}

export class CreateApiKeyDto extends StepUpRequestDto implements CreateKeyRequest {
  @IsString()
  @Length(1, 100)
  @Matches(LINE)
  name!: string;

  @IfGiven()
  @IsMoment()
  expiresAt?: string;

  @IfGiven()
  @IsArray()
  @ArrayMaxSize(1_000)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  siteIds?: string[];

  @IfGiven()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/, { each: true })
  addressRanges?: string[];
}

class JwksDto {
  /** Looked at closely before any of it is stored. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(4)
  @IsObject({ each: true })
  keys!: JsonObject[];
}

export class CreateClientDto extends CreateApiKeyDto implements CreateClientRequest {
  @IsDefined()
  @ValidateNested()
  @Type(() => JwksDto)
  jwks!: JwksDto;
}

const maxOverlapHours = 24 * 30;

export class RotateKeyDto extends StepUpRequestDto implements RotateKeyRequest {
  @IsInt()
  @Min(0)
  @Max(maxOverlapHours)
  overlapHours!: number;

  @IfGiven()
  @IsMoment()
  expiresAt?: string;
}

export class ReadUsageReportDto {
  @IsOptional()
  @Matches(/^(?:[1-9]\d?|[12]\d\d|3[0-5]\d|36[0-5])$/, {
    message: '$property must be a number from 1 to 365',
  })
  days?: string;
}
