/** What integrators send when they ask after many queries at once. */
import { ArrayMaxSize, IsArray, Matches } from 'class-validator';

export const statusBatchLimit = 1_000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class StatusBatchDto {
  @IsArray()
  @ArrayMaxSize(statusBatchLimit)
  @Matches(UUID, { each: true, message: '$property must be UUIDs' })
  queryIds!: string[];
}
