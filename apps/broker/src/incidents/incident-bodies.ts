/** What the pages of incidents send, checked before anything else looks at it. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import {
  decisionGrounds,
  decisionOutcomes,
  freezeKinds,
  MOST_INCIDENT_NOTE_CHARACTERS,
  MOST_LETTER_CHARACTERS,
  MOST_PART_CHARACTERS,
  MOST_REASONS_CHARACTERS,
  MOST_SCOPE_IDS,
  MOST_TITLE_CHARACTERS,
  myHealthRecordAnswers,
  noticedWays,
  sentWays,
  weighedMatters,
  type ChangeScopeRequest,
  type DecideRequest,
  type DecisionGround,
  type DecisionOutcome,
  type FreezeKind,
  type FreezeRequest,
  type IncidentScope,
  type MyHealthRecordAnswer,
  type MyHealthRecordRequest,
  type NoteIncidentRequest,
  type NoticedWay,
  type OpenIncidentRequest,
  type SentLetterRequest,
  type SentWay,
  type StartDrillRequest,
  type StatementPart,
  type WeighedMatter,
  type WriteLetterRequest,
  type WriteStatementRequest,
} from '#libs/console-api/incidents.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { IsMoment } from '#libs/contracts/is-moment.js';
import { LINE, LINES, NO_LONG_NUMBER, noLongNumber } from '#libs/contracts/own-words.js';
import { startOfDateMs } from '#libs/kernel/local-day.js';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/;

const isDay = (value: unknown): boolean =>
  typeof value === 'string' && startOfDateMs(value, 'UTC') !== undefined;

function Ids(): PropertyDecorator {
  return (target, name) => {
    for (const check of [
      IsArray(),
      ArrayMaxSize(MOST_SCOPE_IDS),
      ArrayUnique(),
      Matches(ID, { each: true }),
    ])
      check(target, name as string);
  };
}

export class IncidentScopeDto implements IncidentScope {
  @Ids()
  practices!: string[];

  @Ids()
  sites!: string[];

  @Ids()
  agents!: string[];

  @Ids()
  integrators!: string[];

  @Ids()
  keys!: string[];

  @IsMoment()
  from!: string;

  @IsMoment()
  to!: string;
}

class IncidentSourceDto {
  @IsIn(['records-differ', 'log-alarm'])
  kind!: 'records-differ' | 'log-alarm';

  @IfGiven()
  @Matches(ID)
  reconciliationIncidentId?: string;

  @IfGiven()
  @Matches(ID)
  agentId?: string;
}

/** One id, and the one that its kind has. */
const isSource = ({ kind, reconciliationIncidentId, agentId }: IncidentSourceDto): boolean =>
  kind === 'log-alarm'
    ? agentId !== undefined && reconciliationIncidentId === undefined
    : reconciliationIncidentId !== undefined && agentId === undefined;

export class OpenIncidentDto
  extends StepUpRequestDto
  implements Omit<OpenIncidentRequest, 'source'>
{
  @IsString()
  @Length(1, MOST_TITLE_CHARACTERS)
  @Matches(LINE)
  @Matches(NO_LONG_NUMBER, noLongNumber)
  title!: string;

  @IsMoment()
  awareAt!: string;

  @IsIn(noticedWays)
  noticed!: NoticedWay;

  @IsIn(myHealthRecordAnswers)
  myHealthRecord!: MyHealthRecordAnswer;

  @IsDefined()
  @ValidateNested()
  @Type(() => IncidentScopeDto)
  scope!: IncidentScopeDto;

  @IfGiven()
  @ValidateNested()
  @Type(() => IncidentSourceDto)
  @ValidateBy(
    { name: 'isSource', validator: { validate: (value: IncidentSourceDto) => isSource(value) } },
    { message: '$property must have the one id that goes with its kind' },
  )
  source?: IncidentSourceDto;
}

export class StartDrillDto implements StartDrillRequest {
  @IsInt()
  @Min(0)
  @Max(0xffff_ffff)
  seed!: number;
}

export class ChangeScopeDto implements ChangeScopeRequest {
  @IsDefined()
  @ValidateNested()
  @Type(() => IncidentScopeDto)
  scope!: IncidentScopeDto;
}

export class NoteIncidentDto implements NoteIncidentRequest {
  @IsString()
  @Length(1, MOST_INCIDENT_NOTE_CHARACTERS)
  @Matches(LINES)
  @Matches(NO_LONG_NUMBER, noLongNumber)
  text!: string;
}

export class MyHealthRecordDto implements MyHealthRecordRequest {
  @IsIn(myHealthRecordAnswers)
  answer!: MyHealthRecordAnswer;
}

export class FreezeTargetDto {
  @IsIn(freezeKinds)
  kind!: FreezeKind;

  @Matches(ID)
  targetId!: string;
}

export class FreezeDto extends StepUpRequestDto implements FreezeRequest {
  @IsIn(freezeKinds)
  kind!: FreezeKind;

  @Matches(ID)
  targetId!: string;
}

export class DecideDto extends StepUpRequestDto implements DecideRequest {
  @IsIn(decisionOutcomes)
  outcome!: DecisionOutcome;

  /** Which of them fit the outcome, the register says. */
  @IsArray()
  @ArrayUnique()
  @IsIn([...new Set(Object.values(decisionGrounds).flat())], { each: true })
  grounds!: DecisionGround[];

  @IsArray()
  @ArrayUnique()
  @IsIn(weighedMatters, { each: true })
  weighed!: WeighedMatter[];

  @IsString()
  @Length(1, MOST_REASONS_CHARACTERS)
  @Matches(LINES)
  @Matches(NO_LONG_NUMBER, noLongNumber)
  reasons!: string;

  @IfGiven()
  @Matches(HASH)
  packHash?: string;
}

/** Telephone numbers and ABNs belong into it. */
class StatementPartsDto implements Record<StatementPart, string> {
  @IsString()
  @Length(1, MOST_PART_CHARACTERS)
  @Matches(LINES)
  identity!: string;

  @IsString()
  @Length(1, MOST_PART_CHARACTERS)
  @Matches(LINES)
  description!: string;

  @IsString()
  @Length(1, MOST_PART_CHARACTERS)
  @Matches(LINES)
  kinds!: string;

  @IsString()
  @Length(1, MOST_PART_CHARACTERS)
  @Matches(LINES)
  steps!: string;
}

export class WriteStatementDto implements WriteStatementRequest {
  @IfGiven()
  @IsDefined()
  @ValidateNested()
  @Type(() => StatementPartsDto)
  parts?: StatementPartsDto;
}

export class WriteLetterDto implements WriteLetterRequest {
  @IsString()
  @Length(1, 200)
  @Matches(LINE)
  subject!: string;

  @IsString()
  @Length(1, MOST_LETTER_CHARACTERS)
  @Matches(LINES)
  text!: string;
}

export class SentLetterDto implements SentLetterRequest {
  @ValidateBy(
    { name: 'isDay', validator: { validate: isDay } },
    { message: '$property must be a day such as 2027-01-26' },
  )
  sentOn!: string;

  @IsIn(sentWays)
  sentHow!: SentWay;
}
