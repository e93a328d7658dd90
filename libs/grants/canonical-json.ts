/**
 * RFC 8785 (JSON Canonicalization Scheme): one text for one value, so that a signature over the
 * text is a signature over the value. Reading is stricter than JSON: text that is not already
 * canonical is refused, which also refuses duplicate keys, odd spacing and odd numbers.
 */
import canonicalize from 'canonicalize';

/**
 * The canonical text of a value made of plain JSON types.
 * @throws TypeError when the value has no JSON form (undefined, a cycle, NaN, a lone surrogate)
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value has no JSON form');
  return text;
}

export type CanonicalReading =
  { ok: true; value: unknown } | { ok: false; reason: 'too-large' | 'not-json' | 'not-canonical' };

/**
 * Reads canonical text back.
 * @param maxCharacters longer texts are refused unread
 */
export function readCanonicalJson(text: string, maxCharacters: number): CanonicalReading {
  if (text.length > maxCharacters) return { ok: false, reason: 'too-large' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not-json' };
  }
  try {
    if (canonicalJson(value) !== text) return { ok: false, reason: 'not-canonical' };
  } catch {
    // A lone surrogate, or nesting deeper than the stack.
    return { ok: false, reason: 'not-canonical' };
  }
  return { ok: true, value };
}
