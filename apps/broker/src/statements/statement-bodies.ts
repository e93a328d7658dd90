/** What the pages send about statements, checked before anything else looks at it. */
import 'reflect-metadata';
import { IsString, IsUUID, Length, Matches } from 'class-validator';
import type { AskStatementRequest, SubmitStatementRequest } from '#libs/console-api/statement.js';
import { LINE, LINES, NO_LONG_NUMBER, noLongNumber } from '#libs/contracts/own-words.js';
import { maxAgreedCharacters } from '#libs/tsql/agreed-statement.js';

export class SubmitStatementDto implements SubmitStatementRequest {
  @IsString()
  @Length(1, 100)
  @Matches(LINE)
  @Matches(NO_LONG_NUMBER, noLongNumber)
  name!: string;

  @IsString()
  @Length(1, 500)
  @Matches(LINES)
  @Matches(NO_LONG_NUMBER, noLongNumber)
  description!: string;

  @IsString()
  @Length(1, maxAgreedCharacters)
  @Matches(/^\S(?:.*\S)?$/su, { message: '$property must not begin or end with blanks' })
  text!: string;
}

export class AskStatementDto implements AskStatementRequest {
  @IsUUID()
  siteId!: string;
}
