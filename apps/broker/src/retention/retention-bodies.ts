/** What the pages of retention send, checked before anything else looks at it. */
import 'reflect-metadata';
import { IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import {
  MOST_HOLD_REASON_CHARACTERS,
  retentionKinds,
  type ChangePeriodRequest,
  type PlaceHoldRequest,
  type RetentionKind,
  type UndoDestructionRequest,
} from '#libs/console-api/retention.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { IsMoment } from '#libs/contracts/is-moment.js';
import { LINES, NO_LONG_NUMBER, noLongNumber } from '#libs/contracts/own-words.js';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export class ChangePeriodDto extends StepUpRequestDto implements ChangePeriodRequest {
  @IsIn(retentionKinds)
  kind!: RetentionKind;

  @IsInt()
  @Min(1)
  @Max(36_525)
  days!: number;
}

export class UndoOwnDestructionDto {
  @IsIn(retentionKinds)
  kind!: RetentionKind;
}

export class UndoDestructionDto extends UndoOwnDestructionDto implements UndoDestructionRequest {
  @IfGiven()
  @Matches(ID)
  practiceId?: string;

  @IfGiven()
  @Matches(ID)
  integratorId?: string;
}

export class PlaceOwnHoldDto extends StepUpRequestDto {
  @IfGiven()
  @Matches(ID)
  integratorId?: string;

  @IfGiven()
  @Matches(ID)
  siteId?: string;

  @IfGiven()
  @IsIn(retentionKinds)
  kind?: RetentionKind;

  @IfGiven()
  @IsMoment()
  from?: string;

  @IfGiven()
  @IsMoment()
  to?: string;

  @IsString()
  @Length(1, MOST_HOLD_REASON_CHARACTERS)
  @Matches(LINES)
  @Matches(NO_LONG_NUMBER, noLongNumber)
  reason!: string;
}

export class PlaceHoldDto extends PlaceOwnHoldDto implements PlaceHoldRequest {
  @IfGiven()
  @Matches(ID)
  practiceId?: string;
}
