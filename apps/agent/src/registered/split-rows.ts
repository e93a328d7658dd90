/**
 * The rows of a result as pieces of its own text: `[{…},{…}]`, as the result writer of this agent
 * makes it, without white space between the rows.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** @returns each row's bytes, uncopied */
export function* splitRows(text: Buffer): Generator<Buffer> {
  let depth = 0;
  let start = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (isInString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isInString = false;
    } else if (byte === QUOTE) isInString = true;
    else if (byte === OPEN) {
      if (depth === 0) start = at;
      depth += 1;
    } else if (byte === CLOSE) {
      depth -= 1;
      if (depth === 0) yield text.subarray(start, at + 1);
    }
  }
}
