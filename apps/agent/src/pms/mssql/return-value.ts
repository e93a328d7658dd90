/** Output parameters, read as exactly as rows are. Source: MS-TDS §2.2.7.18 (RETURNVALUE). */
import { ConduitError } from '#libs/errors/conduit-error.js';
import { describeColumn, type Column } from '#apps/agent/src/pms/mssql/tds-columns.js';
import { need } from '#apps/agent/src/pms/mssql/tds-bytes.js';
import { readMetadata, type TokenParser } from '#apps/agent/src/pms/mssql/tedious-seam.js';
import { readLargeValue } from '#apps/agent/src/pms/mssql/tds-large-values.js';
import { JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';
import type { BytesCap, BytesFault } from '#apps/agent/src/pms/rows/result-writer.js';

export interface ReturnedValue {
  /** Without its `@`. */
  name: string;
  /** Text as a row would hold it, numbers in decimal, bit as true or false; null for NULL. */
  value: string | null;
}

/** What the output parameters of one answer may still take, all together. */
export interface ReturnBudget {
  leftBytes: number;
  /** What it is called when there is no more. */
  fault: BytesFault;
}

/** Output parameters travel in the answer's end, which is held in memory. */
const MAX_RETURNED_BYTES = 8 * 1024 * 1024;
const NO_KEY = new Uint8Array(0);

/** Of what the whole answer may take. */
export const returnBudget = ({ maxBytes, bytesFault }: BytesCap): ReturnBudget =>
  maxBytes <= MAX_RETURNED_BYTES
    ? { leftBytes: maxBytes, fault: bytesFault }
    : { leftBytes: MAX_RETURNED_BYTES, fault: 'RESULT_TOO_LARGE' };

/**
 * Reads the token whose type byte was just taken.
 * @param budget the answer's; lowered by the name and the text of the value
 * @throws ConduitError the budget's fault past it
 */
export async function readReturnValue(
  parser: TokenParser,
  budget: ReturnBudget,
): Promise<ReturnedValue> {
  const { name, column } = await readHeader(parser);
  budget.leftBytes -= name.length;
  const chunks: Buffer[] = [];
  let held = 0;
  const out = new JsonOutput((chunk) => {
    held += chunk.length;
    if (held <= budget.leftBytes) chunks.push(chunk);
  });
  await readValue(parser, column, out);
  out.deliverTo(out.total);
  if (held > budget.leftBytes) throw new ConduitError(budget.fault);
  budget.leftBytes -= held;
  const json = Buffer.concat(chunks).toString('utf8');
  if (json === 'null') return { name, value: null };
  return { name, value: json.startsWith('"') ? (JSON.parse(json) as string) : json };
}

async function readValue(parser: TokenParser, column: Column, out: JsonOutput): Promise<void> {
  while (!column.read(parser, out, NO_KEY)) {
    if (column.large !== undefined) {
      return readLargeValue(parser, column.large, out, NO_KEY, () => undefined);
    }
    await parser.waitForChunk();
  }
}

/** ordinal u16 | name b_varchar | status u8 | type metadata */
async function readHeader(parser: TokenParser): Promise<{ name: string; column: Column }> {
  await need(parser, 3);
  const nameBytes = (parser.buffer[parser.position + 2] as number) * 2;
  await need(parser, 4 + nameBytes);
  const name = parser.buffer.toString(
    'utf16le',
    parser.position + 3,
    parser.position + 3 + nameBytes,
  );
  for (;;) {
    const metadataAt = parser.position + 4 + nameBytes;
    const parsed = readMetadata(parser.buffer, metadataAt, parser.options);
    if (parsed !== undefined) {
      parser.position = parsed.offset;
      return { name: name.replace(/^@/, ''), column: describeColumn(parsed.value) };
    }
    await parser.waitForChunk();
  }
}
