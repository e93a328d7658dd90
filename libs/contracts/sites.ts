/** What integrators send about sites. */
import { IsOptional, IsString, Length, MaxLength } from 'class-validator';

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
