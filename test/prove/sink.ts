/**
 * A place where bytes could come to rest. Each is searched for what was sent, and each must find a
 * word that was put there on purpose: a search that finds nothing anywhere proves nothing.
 */
import type { Place } from '#test/prove/places.js';
import type { Leak } from '#test/support/leak-search.js';

export interface Looked {
  leaks: Leak[];
  bytesRead: number;
  /** What that was, e.g. `214 files`. */
  what: string;
}

export interface Sink {
  readonly name: Place;
  /** In words for a practice. */
  readonly words: string;
  /** What is found there is told, and is no failure; why, in words for a practice. */
  readonly toldOnly?: string;
  search(markers: readonly string[]): Promise<Looked>;
  /** Leaves the marker there as a careless program would. */
  plant(marker: string): Promise<void>;
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-AU')} ${count === 1 ? one : many}`;

export function megabytes(bytes: number): string {
  const amount = bytes / (1024 * 1024);
  if (bytes > 0 && amount < 0.01) return 'less than 0.01 MB';
  return `${amount.toLocaleString('en-AU', { maximumFractionDigits: amount < 10 ? 2 : 0 })} MB`;
}
