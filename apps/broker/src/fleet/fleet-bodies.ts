/** What the operator's pages send about the fleet, checked before anything else looks at it. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import {
  agentCauses,
  agentStates,
  fleetSorts,
  releaseChoices,
  revokeReasons,
  type AgentCause,
  type AgentState,
  type AskActRequest,
  type ChangeAlertRuleRequest,
  type FleetFilter,
  type FleetSort,
  type OpeningHours,
  type OpeningWindow,
  type ReleaseChoice,
  type RevokeReason,
  type SaveViewRequest,
} from '#libs/console-api/operator.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { isTimeZone } from '#libs/grants/permitted-hours.js';

const SEARCH_CHARACTERS = 100;
const PAGE = /^[1-9]\d{0,4}$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const WEEK_SECONDS = 7 * 86_400;
const THRESHOLD_MAX = 1_000_000;
/** People's own words: everything but control characters and lone surrogates. */
const PLAIN_WORDS = /^[^\p{Cc}\p{Cs}]*$/u;

const areStates = (value: unknown): boolean =>
  typeof value === 'string' &&
  value.split(',').every((word) => (agentStates as readonly string[]).includes(word));

class SearchDto {
  @IfGiven()
  @IsString()
  @MaxLength(SEARCH_CHARACTERS)
  @Matches(PLAIN_WORDS)
  search?: string;
}

export class PageQueryDto extends SearchDto {
  @IfGiven()
  @Matches(PAGE)
  page?: string;
}

class OrderedSearchDto extends SearchDto {
  @IfGiven()
  @IsIn(agentCauses)
  cause?: AgentCause;

  @IfGiven()
  @IsIn(fleetSorts)
  sort?: FleetSort;

  @IfGiven()
  @IsIn(['up', 'down'])
  direction?: 'up' | 'down';
}

/** Query parameters: texts. */
export class ListFleetDto extends OrderedSearchDto {
  @IfGiven()
  @ValidateBy(
    { name: 'areStates', validator: { validate: areStates } },
    { message: '$property must be states, with commas between' },
  )
  states?: string;

  @IfGiven()
  @Matches(PAGE)
  page?: string;
}

export class ListEventsDto {
  @IfGiven()
  @Matches(/^\d{1,18}$/)
  before?: string;
}

export class FleetFilterDto extends OrderedSearchDto implements FleetFilter {
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(agentStates.length)
  @IsIn(agentStates, { each: true })
  states?: AgentState[];
}

export class SaveViewDto implements SaveViewRequest {
  @IsString()
  @Length(1, 60)
  @Matches(PLAIN_WORDS)
  name!: string;

  @IsDefined()
  @ValidateNested()
  @Type(() => FleetFilterDto)
  filter!: FleetFilterDto;
}

export class OpeningWindowDto implements OpeningWindow {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(7)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(7, { each: true })
  days!: number[];

  @Matches(TIME)
  from!: string;

  @Matches(TIME)
  to!: string;
}

export class OpeningHoursDto implements OpeningHours {
  @ValidateBy(
    { name: 'isTimeZone', validator: { validate: isTimeZone } },
    { message: '$property must be an IANA time zone' },
  )
  timeZone!: string;

  @IsArray()
  @ArrayMaxSize(7)
  @ValidateNested({ each: true })
  @Type(() => OpeningWindowDto)
  windows!: OpeningWindowDto[];
}

export class AskActDto extends StepUpRequestDto implements AskActRequest {
  @IsIn(['agent.revoke', 'agent.release'])
  act!: AskActRequest['act'];

  @IsIn([...revokeReasons, ...releaseChoices])
  decision!: RevokeReason | ReleaseChoice;
}

export class ChangeAlertRuleDto extends StepUpRequestDto implements ChangeAlertRuleRequest {
  @IsBoolean()
  isOn!: boolean;

  @IsInt()
  @Min(0)
  @Max(WEEK_SECONDS)
  afterSeconds!: number;

  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(THRESHOLD_MAX)
  threshold?: number;

  @IsBoolean()
  keepsHours!: boolean;

  @IsArray()
  @ArrayMaxSize(20)
  @IsEmail(undefined, { each: true })
  emails!: string[];

  @IfGiven()
  @IsString()
  @MaxLength(2_048)
  @Matches(/^https:\/\//)
  webhookUrl?: string;
}
