/** What the pages of activity send, checked before anything else looks at it. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsDefined, IsIn, Matches, ValidateNested } from 'class-validator';
import { CURSOR_FORM } from '#apps/broker/src/activity/find-records.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import {
  activityFormats,
  activityKinds,
  activityOutcomes,
  type ActivityFilter,
  type ActivityFormat,
  type ActivityKind,
  type ActivityOutcome,
  type ExportActivityRequest,
} from '#libs/console-api/activity.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { IsMoment } from '#libs/contracts/is-moment.js';
import { purposes } from '#libs/grants/grant.js';

const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export class ActivityFilterDto implements ActivityFilter {
  @IfGiven()
  @IsIn(activityKinds)
  kind?: ActivityKind;

  @IfGiven()
  @Matches(ID)
  integratorId?: string;

  @IfGiven()
  @Matches(ID)
  siteId?: string;

  @IfGiven()
  @IsIn(purposes)
  purpose?: string;

  @IfGiven()
  @IsIn(activityOutcomes)
  outcome?: ActivityOutcome;

  @IfGiven()
  @IsMoment()
  from?: string;

  @IfGiven()
  @IsMoment()
  to?: string;
}

export class ReadActivityDto extends ActivityFilterDto {
  @IfGiven()
  @Matches(CURSOR_FORM)
  before?: string;
}

export class ExportActivityDto extends StepUpRequestDto implements ExportActivityRequest {
  @IsIn(activityFormats)
  format!: ActivityFormat;

  @IsDefined()
  @ValidateNested()
  @Type(() => ActivityFilterDto)
  filter!: ActivityFilterDto;
}
