/**
 * Everything Conduit takes from inside tedious, in one place, with the check that the pinned
 * version still looks as expected. See docs/decisions/0004-exact-values.md.
 */
import type { Connection } from 'tedious';
import collationModule from 'tedious/lib/collation.js';
import metadataParserModule from 'tedious/lib/metadata-parser.js';
import streamParserModule from 'tedious/lib/token/stream-parser.js';
import tokenHelpers from 'tedious/lib/token/helpers.js';
import type { TdsBytes, TdsColumn } from '#apps/agent/src/pms/mssql/tds-bytes.js';

/** Type metadata of a nullable decimal(38, 10), as it stands in COLMETADATA. */
const SAMPLE_METADATA = Buffer.from('0000000009006a11260a', 'hex');

export interface Token {
  handlerName: string;
  columns?: TdsColumn[];
  rowCount?: number;
  more?: boolean;
  curCmd?: number;
  attention?: boolean;
}

/** tedious' token parser: reads one token at a time from a message's bytes. */
export interface TokenParser extends TdsBytes {
  colMetadata: TdsColumn[];
  options: object;
  /** Reads the token whose type byte was just taken. */
  readToken(type: number): Token | undefined | Promise<Token | undefined>;
}

type TokenParserClass = new (
  message: AsyncIterable<Buffer>,
  debug: unknown,
  options: object,
) => TokenParser;

/** Private members of a connection that are replaced on our own connections only. */
export interface ConnectionInside {
  createTokenStreamParser(message: AsyncIterable<Buffer>, handler: TokenHandler): unknown;
  getInitialSql(): string;
  dispatchEvent(event: 'socketError', error: Error): void;
  closeConnection(): void;
  request?: unknown;
  debug: unknown;
  config: { options: object };
  state: { name: string };
  inTransaction: boolean;
  databaseCollation?: { codepage?: string; toBuffer(): Buffer };
}

export type TokenHandler = Record<string, ((token: Token) => void) | undefined>;

/** A CommonJS default export seen from an ES module, whichever way the loader wraps it. */
function unwrap<T>(module: unknown): T {
  const wrapped = module as { default?: T };
  return (wrapped.default ?? module) as T;
}

export const TokenParser = unwrap<TokenParserClass>(streamParserModule);

interface Parsed<T> {
  value: T;
  offset: number;
}

const metadataParser = metadataParserModule as unknown as {
  readMetadata(buffer: Buffer, offset: number, options: object): Parsed<TdsColumn>;
};
const { NotEnoughDataError } = tokenHelpers as unknown as {
  NotEnoughDataError: new () => Error;
};
const { Collation } = collationModule as unknown as {
  Collation: { fromBuffer(bytes: Buffer): { codepage?: string } };
};

/** @param collation five bytes; @returns its code page by iconv's name */
export const codepageOf = (collation: Buffer): string =>
  Collation.fromBuffer(collation).codepage ?? 'utf-8';

/** Type metadata at `offset`; undefined when it has not wholly arrived. */
export function readMetadata(
  buffer: Buffer,
  offset: number,
  options: object,
): Parsed<TdsColumn> | undefined {
  try {
    return metadataParser.readMetadata(buffer, offset, options);
  } catch (error) {
    if (error instanceof NotEnoughDataError) return undefined;
    throw error;
  }
}

export const inside = (connection: Connection): ConnectionInside =>
  connection as unknown as ConnectionInside;

/**
 * Throws unless the installed tedious looks as it did when this was written: a silent difference
 * here would be a wrong value in a health record.
 * @param connectionPrototype of tedious' Connection
 */
export function assertTediousSeam(connectionPrototype: object): void {
  const members: [owner: object, names: string[]][] = [
    [TokenParser.prototype as object, ['readToken', 'waitForChunk', 'readColMetadataToken']],
    [
      connectionPrototype,
      ['createTokenStreamParser', 'getInitialSql', 'dispatchEvent', 'closeConnection', 'reset'],
    ],
    [metadataParser, ['readMetadata']],
    [Collation, ['fromBuffer']],
  ];
  const missing = members.flatMap(([owner, names]) =>
    names.filter((name) => typeof (owner as Record<string, unknown>)[name] !== 'function'),
  );
  if (missing.length > 0) throw new Error('tedious lacks a member that exact reading stands on');
  const sample = readMetadata(SAMPLE_METADATA, 0, { tdsVersion: '7_4' })?.value;
  const isAsExpected =
    sample?.type.name === 'DecimalN' && sample.precision === 38 && sample.scale === 10;
  if (!isAsExpected) throw new Error('tedious describes columns in another way than expected');
}
