/** What the pages of a practice send, checked before anything else looks at it. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { startOfDateMs } from '#libs/kernel/local-day.js';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import {
  declineReasons,
  MAX_CLOSED_DAYS,
  requestStates,
  type ChangeProfileRequest,
  type DeclineReason,
  type DeclineRequest,
  type DraftChangeRequest,
  type OrderInstallCodeRequest,
  type PauseRequest,
  type PermissionChoices,
  type ProposePermissionRequest,
  type RequestState,
  type SetUpdateWindowRequest,
} from '#libs/console-api/practice.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { EnrolledSiteDto } from '#libs/contracts/operator.js';
import { purposes } from '#libs/grants/grant.js';
import { isTimeZone } from '#libs/grants/permitted-hours.js';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const END_TIME = /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/;
const MAX_SCOPES = 200;
const isDay = (value: unknown): boolean =>
  typeof value === 'string' && startOfDateMs(value, 'UTC') !== undefined;

export class ChangeProfileDto implements ChangeProfileRequest {
  @ValidateBy(
    { name: 'isTimeZone', validator: { validate: isTimeZone } },
    { message: '$property must be a time zone such as Australia/Perth' },
  )
  timeZone!: string;

  @IfGiven()
  @IsArray()
  @ArrayMaxSize(MAX_CLOSED_DAYS)
  @ValidateBy(
    { name: 'isDay', validator: { validate: isDay } },
    { each: true, message: 'each value in $property must be a day such as 2027-01-26' },
  )
  closedDays?: string[];
}

export class ListRequestsDto {
  @IfGiven()
  @IsIn(requestStates)
  state?: RequestState;
}

export class DeclineDto implements DeclineRequest {
  @IsIn(declineReasons)
  reason!: DeclineReason;
}

class HoursDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(7)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(7, { each: true })
  days!: number[];

  @Matches(CLOCK_TIME)
  from!: string;

  @Matches(END_TIME)
  to!: string;
}

export class ChoicesDto implements PermissionChoices {
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(MAX_SCOPES)
  @IsString({ each: true })
  @MaxLength(300, { each: true })
  scopes?: string[];

  @IfGiven()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @Length(1, 128, { each: true })
  catalogues?: string[];

  @IfGiven()
  @IsArray()
  @IsIn(purposes, { each: true })
  purposes?: string[];

  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(400)
  days?: number;

  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  rows?: number;

  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  perMinute?: number;

  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(1_000)
  concurrency?: number;

  @IfGiven()
  @ValidateNested()
  @Type(() => HoursDto)
  hours?: HoursDto;

  @IfGiven()
  @IsBoolean()
  anyHour?: boolean;

  @IfGiven()
  @IsBoolean()
  writesWithoutJournal?: boolean;
}

export class DraftChangeDto implements DraftChangeRequest {
  @IsIn(['narrow', 'renew', 'revoke'])
  change!: DraftChangeRequest['change'];

  @IfGiven()
  @ValidateNested()
  @Type(() => ChoicesDto)
  choices?: ChoicesDto;
}

class AnsweredRequestDto {
  @Matches(ID)
  accessRequestId!: string;

  @Matches(/^[0-9a-f]{64}$/)
  version!: string;
}

export class ProposeDto implements ProposePermissionRequest {
  @IsString()
  @Length(2, 131_072)
  document!: string;

  /** Read by whoever verifies it. */
  @IsObject()
  credential!: AuthenticationResponseJSON;

  @IfGiven()
  @ValidateNested()
  @Type(() => AnsweredRequestDto)
  answers?: AnsweredRequestDto;
}

export class PauseDto implements PauseRequest {
  @IfGiven()
  @Matches(ID)
  integratorId?: string;
}

export class SetUpdateWindowDto implements SetUpdateWindowRequest {
  @IfGiven()
  @ValidateNested()
  @Type(() => HoursDto)
  window?: HoursDto;
}

export class OrderInstallCodeDto extends StepUpRequestDto implements OrderInstallCodeRequest {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => EnrolledSiteDto)
  sites!: EnrolledSiteDto[];
}
