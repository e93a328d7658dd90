/**
 * Registered queries on the wire: what an integrator sends, and what broker and agent say to each
 * other about them. The same classes validate at both ends. A registered query has an id of its own;
 * each of its runs has a number that only grows and is never used twice.
 */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { CommandDto, commandLimits } from '#libs/contracts/command.js';
import { IfGiven } from '#libs/contracts/if-given.js';
import type { QueryErrorType } from '#libs/contracts/link-messages.js';

export const registeredLimits = {
  nameCharacters: 200,
  /** Seconds between two runs. The broker's and the practice's own settings are the floor. */
  leastFrequencySeconds: 60,
  mostFrequencySeconds: 86_400,
  durationSeconds: 86_400,
  keyColumns: 16,
  resultBytes: 8 * 1024 * 1024,
  executionMs: 60_000,
  /** Runs whose changes can still be asked for. */
  deltas: 50,
  /** Runs in the history. */
  runs: 500,
  /** At one agent, all integrators together. */
  perAgent: 1_000,
  /** Runs in one report. */
  runsPerReport: 50,
} as const;

export const registeredStatuses = [
  'enabled',
  'cancelled',
  'completed',
  'initialisationFailedCacheError',
] as const;
export type RegisteredStatus = (typeof registeredStatuses)[number];

/** A lone half of a surrogate pair has no UTF-8 form. */
const PLAIN = /^[^\0\p{Surrogate}]*$/u;
const notPlain = { message: '$property must be well-formed Unicode without NUL' };

class RegisterCommandDto {
  @IsObject()
  @ValidateNested()
  @Type(() => CommandDto)
  command!: CommandDto;

  @IsOptional()
  @IsString()
  @Matches(PLAIN, notPlain)
  @MaxLength(commandLimits.catalogueCharacters)
  catalogue?: string;
}

/** Body of a creation. The floor of `frequency` is a setting, so it is checked beside this class. */
export class RegisteredQueryDto {
  @IsString()
  @IsNotEmpty()
  @Matches(PLAIN, notPlain)
  @MaxLength(registeredLimits.nameCharacters)
  name!: string;

  @IsIn(['query'])
  registeredQueryType!: 'query';

  /** Seconds from the start of one run to the start of the next. */
  @IsInt()
  @Min(1)
  @Max(registeredLimits.mostFrequencySeconds)
  frequency!: number;

  /** Seconds that it lives. */
  @IsInt()
  @Min(1)
  @Max(registeredLimits.durationSeconds)
  duration!: number;

  @IsObject()
  @ValidateNested()
  @Type(() => RegisterCommandDto)
  registerCommand!: RegisterCommandDto;

  /** Columns that tell the rows apart; absent: a row is known by all it holds. */
  @IfGiven()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(registeredLimits.keyColumns)
  @ArrayUnique()
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  @MaxLength(commandLimits.parameterNameCharacters, { each: true })
  keyColumns?: string[];
}

/** Body of a renewal: at least one of them. */
export class RenewRegisteredDto {
  /** Seconds from now. */
  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(registeredLimits.durationSeconds)
  duration?: number;

  @IfGiven()
  @IsInt()
  @Min(1)
  @Max(registeredLimits.mostFrequencySeconds)
  frequency?: number;

  @IfGiven()
  @IsString()
  @IsNotEmpty()
  @Matches(PLAIN, notPlain)
  @MaxLength(registeredLimits.nameCharacters)
  name?: string;
}

/**
 * Meta of `registered.put`. The body is the creation's body, sealed to the agent; an empty one means
 * that the agent holds the query and only its terms have changed.
 */
export interface PutRegisteredMeta {
  registeredId: string;
  siteId: string;
  integratorId: string;
  keyId: string;
  grantId: string;
  grantSeq: number;
  /** What results are sealed to: raw X25519, base64url. */
  resultKey: string;
  /** As in RunQueryMeta, for all runs under these terms. */
  pageEncoding?: 'br';
  /** The agent's key that the body is sealed to; raw X25519, base64url. */
  sealedTo: string;
  /** Grows with each renewal. */
  revision: number;
  frequencySeconds: number;
  /** By the broker's clock, milliseconds since the epoch. */
  endsAtMs: number;
  /** The broker's clock when it sent this. */
  brokerTimeMs: number;
}

/** Meta of `registered.end`. */
export interface EndRegisteredMeta {
  registeredId: string;
}

/** Meta of `registered.fetch`; the reply's head is `{keyEnvelope}`, its body frames of pages. */
export interface FetchRegisteredMeta {
  registeredId: string;
  run: number;
  /** As in RunQueryMeta: what was sealed in another way is gone for a broker that does not read it. */
  pageEncoding?: 'br';
}

/** Head of the reply to `registered.fetch`. */
export interface FetchRegisteredHead {
  /** The key of the run's parts, sealed to the result key; base64url. */
  keyEnvelope: string;
}

/** Page numbers of a run's sealed parts. */
export const runParts = {
  /** JSON `{rows, size, parameters}`. */
  outcome: 0,
  /** The JSON array of rows; of the latest changed run only. */
  rows: 1,
  /** JSON of `RowDelta` against the run `basis`; absent where there is none. */
  delta: 2,
  /** JSON `{errorType, errorCode, errorMessage}` of a run that failed. */
  error: 3,
} as const;
export type RunPart = (typeof runParts)[keyof typeof runParts];

/** What the sealed parts of a run are bound to, in the place of a query's id. */
export function runSealId(registeredId: string, run: number): string {
  return `${registeredId}.${run}`;
}

export type RunOutcome = 'changed' | 'unchanged' | 'failed';

/** One run in `registered.report`. No row, parameter, statement or database's word is in it. */
export interface RegisteredRunReport {
  registeredId: string;
  run: number;
  startedAtMs: number;
  executionMs: number;
  outcome: RunOutcome;
  /** Of the result: base64 of an HMAC under a key that stays at the agent. */
  hash?: string;
  rows?: number;
  size?: number;
  /** The changed run before this one, that the delta starts from; 0: there is no delta. */
  basis?: number;
  added?: number;
  changed?: number;
  removed?: number;
  errorCode?: string;
  errorType?: QueryErrorType;
  /** SQL Server's number, or 0. */
  errorNumber?: number;
  /** The words, sealed to the result key as part `error`: base64url. */
  sealedError?: { keyEnvelope: string; sealed: string };
  /** The agent runs it no more. */
  stopped?: boolean;
  /** When it is due again, by the agent's clock as corrected by the broker's. */
  nextRunAtMs?: number;
}

/** Meta of `registered.report`. The answer says that all of it is stored. */
export interface ReportRegisteredMeta {
  runs: RegisteredRunReport[];
}

/** Meta of `registered.sync`: what the agent holds. The broker puts and ends what differs. */
export interface SyncRegisteredMeta {
  held: { registeredId: string; revision: number }[];
}

/** Answer to `registered.sync`. */
export interface SyncRegisteredAnswer {
  /** Milliseconds since the epoch. */
  brokerTimeMs: number;
}
