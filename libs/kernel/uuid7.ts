/** UUIDs of version 7: made later, sorted later, so that an index over them grows at one end. RFC 9562 §5.7. */
import { randomUUID } from 'node:crypto';

/**
 * 48 bits of time and 74 random ones.
 * @param nowMs milliseconds since the Unix epoch
 */
export function uuid7(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  // Of version 4, but for its time: the variant and all the rest are where they belong.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** When a UUID of version 7, or of our version 8 that begins with the time, was made; undefined for others. */
export function uuidMadeAtMs(uuid: string): number | undefined {
  const [, high = '', low = ''] = /^([\da-f]{8})-([\da-f]{4})-[78]/.exec(uuid) ?? [];
  return high === '' ? undefined : Number.parseInt(high + low, 16);
}
