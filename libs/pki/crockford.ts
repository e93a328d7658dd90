/** Base 32 that people can read aloud: Douglas Crockford's alphabet, without I, L, O and U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const misread: Record<string, string> = { O: '0', I: '1', L: '1' };

/** The last character carries zero bits when the bytes do not fill it. */
export function encodeCrockford(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(held >> bits) & 31];
    }
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31];
}

/** Accepts lower case and I, L, O for 1, 1, 0. Undefined when another character or a stray bit appears. */
export function decodeCrockford(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const written of text.toUpperCase()) {
    const value = alphabet.indexOf(misread[written] ?? written);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  const leftOver = held & ((1 << bits) - 1);
  return bits >= 5 || leftOver !== 0 ? undefined : Buffer.from(bytes);
}
