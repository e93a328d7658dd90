/**
 * The body of a query, as integrators send it and as the agent reads it again: the same class
 * validates at both ends, because the agent trusts nothing that the broker has checked.
 */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
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

export const executionModes = ['reader', 'nonQuery', 'scalar'] as const;
export type ExecutionMode = (typeof executionModes)[number];

export const commandTypes = ['text', 'storedProcedure'] as const;
export type CommandType = (typeof commandTypes)[number];

export const parameterDirections = ['input', 'output', 'inputOutput', 'returnValue'] as const;
export type ParameterDirection = (typeof parameterDirections)[number];

/** The 32 parameter types of the wire contract. */
export const parameterTypes = [
  'BigInt',
  'Binary',
  'Bit',
  'Char',
  'String',
  'Date',
  'DateTime',
  'DateTime2',
  'DateTimeOffset',
  'Decimal',
  'Float',
  'Image',
  'Int',
  'Money',
  'NChar',
  'NText',
  'NVarChar',
  'Real',
  'SmallDateTime',
  'SmallInt',
  'SmallMoney',
  'Structured',
  'Text',
  'Time',
  'Timestamp',
  'TinyInt',
  'Udt',
  'UniqueIdentifier',
  'VarBinary',
  'VarChar',
  'Variant',
  'Xml',
] as const;
export type ParameterType = (typeof parameterTypes)[number];

export const commandLimits = {
  textCharacters: 1_000_000,
  parameters: 2_100,
  parameterNameCharacters: 128,
  parameterValueCharacters: 8_000_000,
  catalogueCharacters: 128,
} as const;

/** A lone half of a surrogate pair has no UTF-8 form; drivers would replace it without a word. */
const WELL_FORMED = /^\P{Surrogate}*$/u;
const WELL_FORMED_WITHOUT_NUL = /^[^\0\p{Surrogate}]*$/u;
const notWellFormed = { message: '$property must be well-formed Unicode' };
const notPlain = { message: '$property must be well-formed Unicode without NUL' };

export class ParameterDto {
  @IsString()
  @Matches(WELL_FORMED_WITHOUT_NUL, notPlain)
  @IsNotEmpty()
  @MaxLength(commandLimits.parameterNameCharacters)
  name!: string;

  @IsOptional()
  @IsIn(parameterDirections)
  direction?: ParameterDirection;

  @IsOptional()
  @IsIn(parameterTypes)
  type?: ParameterType;

  /** NUL is a character like others in a value. */
  @IsOptional()
  @IsString()
  @Matches(WELL_FORMED, notWellFormed)
  @MaxLength(commandLimits.parameterValueCharacters)
  value?: string | null;

  /** Bytes; for output parameters of variable length. */
  @IsOptional()
  @IsInt()
  @Min(-1)
  @Max(2_147_483_647)
  size?: number;
}

export class CommandDto {
  @IsString()
  @Matches(WELL_FORMED_WITHOUT_NUL, notPlain)
  @IsNotEmpty()
  @MaxLength(commandLimits.textCharacters)
  text!: string;

  @IsOptional()
  @IsIn(executionModes)
  executionMode?: ExecutionMode;

  @IsOptional()
  @IsIn(commandTypes)
  type?: CommandType;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(commandLimits.parameters)
  @ValidateNested({ each: true })
  @Type(() => ParameterDto)
  parameters?: ParameterDto[];
}

/** What every query says, whichever way it is run. */
export abstract class QueryDto {
  /** Milliseconds the query may wait before it starts. */
  maxTimeInQueue?: number;

  @IsObject()
  @ValidateNested()
  @Type(() => CommandDto)
  command!: CommandDto;

  @IsOptional()
  @IsString()
  @Matches(WELL_FORMED_WITHOUT_NUL, notPlain)
  @MaxLength(commandLimits.catalogueCharacters)
  catalogue?: string;
}

export class ImmediateQueryDto extends QueryDto {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  declare maxTimeInQueue?: number;
}

export class AsyncQueryDto extends QueryDto {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(7_200_000)
  declare maxTimeInQueue?: number;
}
