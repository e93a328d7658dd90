/** Reads values back out of a row's own text, `{"a":1,"b":"x"}`, without making an object of it. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * @param row the bytes of one row as the result writer makes it, without its closing brace
 * @param keys what stands before each value: `{"a":`, `,"b":`…
 * @param wanted places of the columns, ascending
 * @returns their values as text; null for NULL
 */
export function readRowValues(
  row: Buffer,
  keys: readonly Buffer[],
  wanted: readonly number[],
): (string | null)[] {
  const found: (string | null)[] = [];
  let at = 0;
  for (let column = 0; found.length < wanted.length; column += 1) {
    const start = at + (keys[column] as Buffer).length;
    at = endOfValue(row, start);
    if (column === wanted[found.length]) found.push(valueOf(row.toString('utf8', start, at)));
  }
  return found;
}

function endOfValue(row: Buffer, start: number): number {
  let at = start;
  if (row[at] !== QUOTE) {
    const comma = row.indexOf(COMMA, at);
    return comma < 0 ? row.length : comma;
  }
  for (at += 1; row[at] !== QUOTE && at < row.length; at += 1) if (row[at] === BACKSLASH) at += 1;
  return at + 1;
}

/** A number keeps its digits: as a JavaScript number it might lose some. */
function valueOf(text: string): string | null {
  if (text === 'null') return null;
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
