/** What integrators send about sites. */
import { ArrayMaxSize, IsArray, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { IfGiven } from '#libs/contracts/if-given.js';

const PMS_SITE_ID_CHARACTERS = 64;
const PMS_NAME_CHARACTERS = 40;
const CODE_CHARACTERS = 64;

/** As query parameters, or as a JSON body: there the code stays out of other people's access logs. */
export class PairSiteDto {
  /** The id the PMS vendor gave the practice. */
  @IsString()
  @Length(1, PMS_SITE_ID_CHARACTERS)
  practiceManagementSiteId!: string;

  /** `Best Practice`, `Zedmed`, `D4w`, `Medical Director` or `Sandbox`. */
  @IsString()
  @Length(1, PMS_NAME_CHARACTERS)
  practiceManagementName!: string;

  @IsString()
  @Length(1, CODE_CHARACTERS)
  pairingCode!: string;
}

export class FindSitesDto {
  @IsOptional()
  @IsString()
  @MaxLength(PMS_SITE_ID_CHARACTERS)
  practiceManagementSiteId?: string;

  @IsOptional()
  @IsString()
  @MaxLength(PMS_NAME_CHARACTERS)
  practiceManagementName?: string;
}

/** What is to be permitted on top of what is; all of it may be left out. */
export class AskAccessDto {
  /** `sql:read`, `sql:write`, `procedure:<name>`, `operation:<name>`. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @Length(1, 300, { each: true })
  scopes?: string[];

  @IfGiven()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @Length(1, 128, { each: true })
  catalogues?: string[];

  /** Among those that the integrator has declared. */
  @IfGiven()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @Length(1, 40, { each: true })
  purposes?: string[];
}
