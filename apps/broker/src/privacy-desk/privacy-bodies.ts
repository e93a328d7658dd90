/** What the pages of the privacy desk send, checked before anything else looks at it. */
import 'reflect-metadata';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsString,
  Length,
  Matches,
  ValidateBy,
} from 'class-validator';
import {
  identityFindings,
  MOST_NOTE_CHARACTERS,
  MOST_REFERENCE_CHARACTERS,
  privacyGrounds,
  privacyKinds,
  privacyOutcomes,
  type EndPrivacyRequest,
  type IdentityFinding,
  type NotePrivacyRequest,
  type PrivacyGround,
  type PrivacyIdentityRequest,
  type PrivacyKind,
  type PrivacyOutcome,
  type RegisterPrivacyRequest,
  type RoutePrivacyRequest,
} from '#libs/console-api/privacy.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import { LINES, NO_LONG_NUMBER, noLongNumber } from '#libs/contracts/own-words.js';
import { startOfDateMs } from '#libs/kernel/local-day.js';

/** A number of the practice's own: names have no digit, telephones and Medicare have more at a time. */
const REFERENCE = /^(?=.*\d)(?!.*\d{7})[A-Za-z0-9][A-Za-z0-9./-]*$/;
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const isDay = (value: unknown): boolean =>
  typeof value === 'string' && startOfDateMs(value, 'UTC') !== undefined;

export class RegisterPrivacyDto implements RegisterPrivacyRequest {
  @IsIn(privacyKinds)
  kind!: PrivacyKind;

  @IsString()
  @Length(1, MOST_REFERENCE_CHARACTERS)
  @Matches(REFERENCE, {
    message:
      '$property must be a number of your own, such as P-2026-014: no name, no blank, no seven digits in a row',
  })
  reference!: string;

  @ValidateBy(
    { name: 'isDay', validator: { validate: isDay } },
    { message: '$property must be a day such as 2027-01-26' },
  )
  receivedOn!: string;
}

export class PrivacyIdentityDto implements PrivacyIdentityRequest {
  @IsIn(identityFindings)
  finding!: IdentityFinding;
}

export class RoutePrivacyDto implements RoutePrivacyRequest {
  @IfGiven()
  @Matches(ID)
  integratorId?: string;
}

export class NotePrivacyDto implements NotePrivacyRequest {
  @IsString()
  @Length(1, MOST_NOTE_CHARACTERS)
  @Matches(LINES)
  @Matches(NO_LONG_NUMBER, noLongNumber)
  text!: string;
}

export class EndPrivacyDto implements EndPrivacyRequest {
  @IsIn([...new Set(Object.values(privacyOutcomes).flat())])
  outcome!: PrivacyOutcome;

  /** Which of them fit the outcome, the request's kind decides. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(12)
  @ArrayUnique()
  @IsIn([...new Set(Object.values(privacyGrounds).flat())], { each: true })
  grounds?: PrivacyGround[];
}
