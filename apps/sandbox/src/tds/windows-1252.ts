/**
 * Code page 1252, the one behind SQL_Latin1_General_CP1_CI_AS: what char, varchar and text columns
 * hold on the wire. A character outside it becomes `?`, as SQL Server does.
 */

const HIGH =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

const byteOfHighCharacter = new Map(Array.from(HIGH, (c, i) => [c.charCodeAt(0), 0x80 + i]));

/** Writes one byte for each UTF-16 unit of `text` from `start` to `end`; the room must be there. */
export function writeWindows1252(
  target: Buffer,
  at: number,
  text: string,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    target[at++] =
      code < 0x80 || (code >= 0xa0 && code <= 0xff)
        ? code
        : (byteOfHighCharacter.get(code) ?? 0x3f);
  }
}

/** Reads bytes `start` to `end` as code page 1252. */
export function readWindows1252(source: Buffer, start: number, end: number): string {
  const latin1 = source.toString('latin1', start, end);
  // Bytes 0x80 to 0x9f are the ones that differ from Latin-1.
  return latin1.replace(/[\x80-\x9f]/g, (c) => HIGH.charAt(c.charCodeAt(0) - 0x80));
}
