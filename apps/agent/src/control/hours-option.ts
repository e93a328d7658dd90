/** Clinic hours as a practice types them: `Mon-Fri 08:00-18:00`, with a time zone of its own if need be. */
import type { PermittedHours } from '#libs/grants/grant.js';
import { usageProblem } from '#apps/agent/src/control/command-line.js';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const SHAPE = /^([a-z,-]+)\s+(\d\d:\d\d)-(\d\d:\d\d)(?:\s+(\S+))?$/i;

/**
 * @param ownTimeZone of this machine, where none is named
 * @throws a usage problem that says how it is written
 */
export function readHours(
  text: string | undefined,
  ownTimeZone = Intl.DateTimeFormat().resolvedOptions().timeZone,
): PermittedHours | 'any' | undefined {
  if (text === undefined || text === 'any') return text;
  const [, dayWords = '', from, to, timeZone = ownTimeZone] = SHAPE.exec(text.trim()) ?? [];
  const days = [...new Set(dayWords.toLowerCase().split(',').flatMap(daysOf))].sort();
  if (from === undefined || to === undefined || days.length === 0 || days.includes(0))
    throw usageProblem("--hours must be like 'Mon-Fri 08:00-18:00 Australia/Sydney'");
  return { timeZone, days, from, to };
}

/** One day or a span of them; a span may run over Sunday. @returns 1 (Monday) to 7; 0: none of them */
function daysOf(word: string): number[] {
  const [first = 0, last = first, ...more] = word.split('-').map((day) => DAYS.indexOf(day) + 1);
  if (first === 0 || last === 0 || more.length > 0) return [0];
  const count = ((last - first + 7) % 7) + 1;
  return Array.from({ length: count }, (_, n) => ((first - 1 + n) % 7) + 1);
}
