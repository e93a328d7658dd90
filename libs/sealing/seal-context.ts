/**
 * What a seal is bound to, as bytes: a name of the purpose, a zero byte, and each field behind its
 * own length, so that no two contexts share their bytes.
 */
const LENGTH_BYTES = 4;

/** @param purpose a name with its version, never the same for two formats */
export function sealContext(purpose: string, ...fields: string[]): Buffer {
  const parts = [Buffer.from(`${purpose}\0`)];
  for (const field of fields) {
    const length = Buffer.alloc(LENGTH_BYTES);
    const bytes = Buffer.from(field);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}
