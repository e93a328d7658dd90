/** What the operator sends to register practices, integrators and keys. */
import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import { IfGiven } from '#libs/contracts/if-given.js';
import { IsMoment } from '#libs/contracts/is-moment.js';

const NAME_CHARACTERS = 200;

export class CreatePracticeDto {
  @IsString()
  @Length(1, NAME_CHARACTERS)
  name!: string;
}

export class EnrolledSiteDto {
  /** Made by the broker when absent; named again when an agent is replaced. */
  @IfGiven()
  @IsUUID()
  siteId?: string;

  @IsString()
  @Length(1, NAME_CHARACTERS)
  name!: string;

  @IsIn(['BestPractice', 'Zedmed', 'D4w', 'MedicalDirector', 'Sandbox'])
  pmsType!: string;

  /** The id the PMS vendor gave the practice. */
  @IsString()
  @Length(1, 64)
  pmsSiteId!: string;

  /** It stands for no practice: its database is the sandbox. Said once, when the site is made. */
  @IfGiven()
  @IsBoolean()
  isSandbox?: boolean;
}

export class CreateEnrolmentCodeDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => EnrolledSiteDto)
  sites!: EnrolledSiteDto[];
}

/** What happened to an agent that was quarantined as a copy or an old backup of itself. */
export const releaseDecisions = ['restoredFromBackup', 'copiedMachine', 'falseAlarm'] as const;
export type ReleaseDecision = (typeof releaseDecisions)[number];

export class ReleaseAgentDto {
  @IsIn(releaseDecisions)
  decision!: ReleaseDecision;
}

export const agentStates = ['active', 'quarantined', 'revoked'] as const;

export class ListAgentsDto {
  @IsOptional()
  @IsIn(agentStates)
  state?: (typeof agentStates)[number];

  @IsOptional()
  @IsUUID()
  practiceId?: string;

  /** `next` of the page before. */
  @IsOptional()
  @IsUUID()
  after?: string;
}

export class CreateIntegratorDto {
  @IsString()
  @Length(1, NAME_CHARACTERS)
  name!: string;

  @IfGiven()
  @Matches(/^\d{11}$/)
  abn?: string;

  @IfGiven()
  @IsEmail()
  contactEmail?: string;

  /** What it may ask practices for: HL7 v3 purposes of use that can be granted. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(20)
  @Matches(/^[A-Z]{3,10}$/, { each: true })
  purposes?: string[];

  /** ISO 3166-1 alpha-2 codes of where it keeps data. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(/^[A-Z]{2}$/, { each: true })
  countries?: string[];
}

/** Roles that the operator's token may invite to; the others are invited by these. */
export const firstRoles = [
  'practice-owner',
  'integrator-admin',
  'operator-security',
  'operator-support',
] as const;

export class InviteFirstDto {
  @IsIn(firstRoles)
  role!: (typeof firstRoles)[number];

  /** Of an owner. */
  @IfGiven()
  @IsUUID()
  practiceId?: string;

  /** Of an administrator. */
  @IfGiven()
  @IsUUID()
  integratorId?: string;

  /** Where the link is mailed to, when mail is set up; else the answer has it. */
  @IfGiven()
  @IsEmail()
  email?: string;
}

export class CreateKeyDto {
  @IsString()
  @Length(1, NAME_CHARACTERS)
  name!: string;

  @IfGiven()
  @IsMoment()
  expiresAt?: string;

  /** Absent: every site the integrator is paired with. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(1_000)
  @IsUUID(undefined, { each: true })
  siteIds?: string[];

  /** CIDR ranges; absent: from anywhere. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(100)
  @Matches(/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/, { each: true })
  addressRanges?: string[];
}
