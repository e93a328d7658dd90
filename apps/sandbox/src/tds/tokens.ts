/**
 * The tokens of a response other than rows, each as one function ([MS-TDS] 2.2.7). They write and
 * decide nothing; the order and the MORE bits are response-sink's concern.
 */
import type {
  ColumnDescription,
  ServerMessage,
  SqlValue,
  TsqlType,
} from '../engine/sql-engine.port.js';
import { codecFor, type ColumnCodec } from './column-codec.js';
import { EnvChange, Token } from './protocol.js';
import type { TokenWriter } from './token-writer.js';

const NO_COLUMNS = 0xffff;
const MAX_MESSAGE_CHARACTERS = 8000;
const ColumnFlag = { nullable: 0x01, identity: 0x10 } as const;
const RETURN_VALUE_IS_OUTPUT = 1;
const SQL_TSQL_INTERFACE = 1;
const VERSION_MAJOR = 15;
const VERSION_MINOR = 0;
const VERSION_BUILD = 2000;

/** SQL Server 2019's version: major, minor, build high, build low, as PRELOGIN and LOGINACK carry it. */
export const SERVER_VERSION = [
  VERSION_MAJOR,
  VERSION_MINOR,
  VERSION_BUILD >> 8,
  VERSION_BUILD & 0xff,
];

export interface Done {
  token: number;
  status: number;
  command: number;
  rowCount: number;
}

export function writeDone(writer: TokenWriter, done: Done): void {
  writer.uint8(done.token);
  writer.uint16(done.status);
  writer.uint16(done.command);
  writer.int64(done.rowCount);
}

/** INFO for a class of up to 10, else ERROR. */
export function writeMessage(
  writer: TokenWriter,
  serverName: string,
  message: ServerMessage,
): void {
  writer.uint8(message.class > 10 ? Token.error : Token.info);
  const lengthAt = writer.position;
  writer.uint16(0);
  writer.uint32(message.number);
  writer.uint8(message.state);
  writer.uint8(message.class);
  writer.longText(message.message.slice(0, MAX_MESSAGE_CHARACTERS));
  writer.shortText(serverName);
  writer.shortText(message.procedure ?? '');
  writer.uint32(message.line);
  writeLength(writer, lengthAt);
}

/** ENVCHANGE with texts, as database, language and packet size have. */
export function writeTextEnvChange(
  writer: TokenWriter,
  type: number,
  newValue: string,
  oldValue: string,
): void {
  writer.uint8(Token.envChange);
  const lengthAt = writer.position;
  writer.uint16(0);
  writer.uint8(type);
  writer.shortText(newValue);
  writer.shortText(oldValue);
  writeLength(writer, lengthAt);
}

/** ENVCHANGE with bytes, as collation, transactions and the reset acknowledgement have. */
export function writeBytesEnvChange(
  writer: TokenWriter,
  type: number,
  newValue: Uint8Array,
  oldValue: Uint8Array,
): void {
  writer.uint8(Token.envChange);
  writer.uint16(3 + newValue.length + oldValue.length);
  writer.uint8(type);
  writer.uint8(newValue.length);
  writer.raw(newValue);
  writer.uint8(oldValue.length);
  writer.raw(oldValue);
}

export function writeResetAcknowledgement(writer: TokenWriter): void {
  writeBytesEnvChange(writer, EnvChange.resetConnection, new Uint8Array(0), new Uint8Array(0));
}

export function writeLoginAck(writer: TokenWriter, tdsVersion: number): void {
  writer.uint8(Token.loginAck);
  const lengthAt = writer.position;
  writer.uint16(0);
  writer.uint8(SQL_TSQL_INTERFACE);
  writer.uint32BigEndian(tdsVersion);
  writer.shortText('Microsoft SQL Server');
  for (const byte of SERVER_VERSION) writer.uint8(byte);
  writeLength(writer, lengthAt);
}

/** Acknowledges UTF8_SUPPORT, the one feature that clients ask for and that costs nothing here. */
export function writeUtf8FeatureAck(writer: TokenWriter): void {
  writer.uint8(Token.featureExtAck);
  writer.uint8(0x0a);
  writer.uint32(1);
  writer.uint8(1);
  writer.uint8(0xff);
}

export function writeColumnMetadata(
  writer: TokenWriter,
  columns: ColumnDescription[],
  codecs: ColumnCodec[],
): void {
  writer.uint8(Token.colMetadata);
  writer.uint16(columns.length === 0 ? NO_COLUMNS : columns.length);
  columns.forEach((column, i) => {
    const codec = codecs[i]!;
    writer.uint32(codec.userType);
    writer.uint16(
      (column.nullable ? ColumnFlag.nullable : 0) | (column.identity ? ColumnFlag.identity : 0),
    );
    codec.writeTypeInfo(writer);
    // Number of parts of the table's name: it is not known here.
    if (codec.hasTableName) writer.uint8(0);
    writer.shortText(column.name);
  });
}

export function writeReturnStatus(writer: TokenWriter, status: number): void {
  writer.uint8(Token.returnStatus);
  writer.uint32(status);
}

export function writeReturnValue(
  writer: TokenWriter,
  ordinal: number,
  output: { name: string; type: TsqlType; value: SqlValue },
): void {
  const codec = codecFor(withoutTextPointer(output.type));
  writer.uint8(Token.returnValue);
  writer.uint16(ordinal);
  writer.shortText(output.name);
  writer.uint8(RETURN_VALUE_IS_OUTPUT);
  writer.uint32(codec.userType);
  writer.uint16(ColumnFlag.nullable);
  codec.writeTypeInfo(writer);
  if (output.value === null) codec.writeNull(writer);
  else codec.writeValue(writer, output.value);
}

/** text, ntext and image cannot be output parameters; their (max) successors can. */
function withoutTextPointer(type: TsqlType): TsqlType {
  if (type.name === 'text') return { name: 'varchar', length: 'max' };
  if (type.name === 'ntext') return { name: 'nvarchar', length: 'max' };
  if (type.name === 'image') return { name: 'varbinary', length: 'max' };
  return type;
}

function writeLength(writer: TokenWriter, lengthAt: number): void {
  writer.bytes.writeUInt16LE(writer.position - lengthAt - 2, lengthAt);
}
