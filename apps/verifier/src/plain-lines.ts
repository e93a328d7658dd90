/** What was found, one a line, and a summary that can be read alone. */
import type { Verification } from '#libs/audit/verify-export.js';

export function plainLines({ findings, logs, reconciled }: Verification): string {
  const wrong = findings.filter(({ level }) => level === 'wrong').length;
  const lines = [
    ...findings.map(({ level, place, says }) => `${level.padEnd(6)}  ${place}: ${says}`),
    ...logs.map(
      ({ kind, place, size, records, proven, cosigned, verifierKey }) =>
        `log     ${place}: the ${kind}'s, of ${size} leaves; ${proven} of ${records} records proven; ` +
        `${cosigned} witnesses; key ${verifierKey}`,
    ),
    ...(reconciled
      ? [
          `both    ${reconciled.matched} queries agree, ${reconciled.mismatched} do not, ` +
            `${reconciled.undelivered} never ran, ${reconciled.pending} cannot be told yet, ` +
            `${reconciled.untold} records of registered queries cannot be told`,
        ]
      : []),
    verdictOn(wrong, reconciled?.untold ?? 0),
  ];
  return lines.map((line) => `${plain(line)}\n`).join('');
}

/** What could not be told is not called good. */
function verdictOn(wrong: number, untold: number): string {
  if (wrong > 0) return `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`;
  return untold > 0
    ? 'Nothing is wrong in what can be told; registered queries are left that cannot.'
    : 'Nothing is wrong.';
}

/** An export may say anything: nothing of it may steer a terminal. */
const plain = (line: string): string => line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
