/** What integrators send to read what they used. */
import { IsOptional, IsString, IsUUID, Matches, MaxLength, ValidateBy } from 'class-validator';

const CURSOR_CHARACTERS = 300;
const MAX_ROWS = 10_000;

/** A day that is in the calendar. */
const IsDay = (): PropertyDecorator =>
  ValidateBy(
    { name: 'isDay', validator: { validate: isDay } },
    { message: '$property must be a day as YYYY-MM-DD' },
  );

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value);
}

/** Query parameters: texts. */
export class ReadUsageDto {
  /** The first day, UTC. */
  @IsOptional()
  @IsDay()
  from?: string;

  /** The last day, UTC. */
  @IsOptional()
  @IsDay()
  to?: string;

  @IsOptional()
  @IsUUID()
  siteId?: string;

  @IsOptional()
  @ValidateBy(
    { name: 'isRowLimit', validator: { validate: isRowLimit } },
    { message: '$property must be 1 to 10000' },
  )
  limit?: string;

  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARACTERS)
  @Matches(/^[\w-]+$/)
  cursor?: string;
}

function isRowLimit(value: unknown): boolean {
  return typeof value === 'string' && /^[1-9]\d{0,4}$/.test(value) && Number(value) <= MAX_ROWS;
}
