/**
 * The numbers of the TDS 7.4 wire format ([MS-TDS] section 2.2) and the two errors that parsing
 * may raise. Nothing here is taken from a client library, so client and server share no bugs.
 */

export const PACKET_HEADER_BYTES = 8;
export const DEFAULT_PACKET_BYTES = 4096;
export const MIN_PACKET_BYTES = 512;
export const MAX_PACKET_BYTES = 32767;

export const PacketType = {
  sqlBatch: 0x01,
  rpc: 0x03,
  tabularResponse: 0x04,
  attention: 0x06,
  bulkLoad: 0x07,
  transactionManager: 0x0e,
  login7: 0x10,
  prelogin: 0x12,
} as const;

export const PacketStatus = {
  endOfMessage: 0x01,
  ignore: 0x02,
  resetConnection: 0x08,
  resetConnectionKeepTransaction: 0x10,
} as const;

export const Token = {
  returnStatus: 0x79,
  colMetadata: 0x81,
  error: 0xaa,
  info: 0xab,
  returnValue: 0xac,
  loginAck: 0xad,
  featureExtAck: 0xae,
  row: 0xd1,
  nbcRow: 0xd2,
  envChange: 0xe3,
  done: 0xfd,
  doneProc: 0xfe,
  doneInProc: 0xff,
} as const;

export const DoneStatus = { more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;

export const EnvChange = {
  database: 1,
  language: 2,
  packetSize: 4,
  collation: 7,
  beginTransaction: 8,
  commitTransaction: 9,
  rollbackTransaction: 10,
  resetConnection: 18,
} as const;

/** TYPE_INFO's first byte, [MS-TDS] 2.2.5.4. */
export const WireType = {
  null: 0x1f,
  image: 0x22,
  text: 0x23,
  uniqueidentifier: 0x24,
  varbinaryOld: 0x25,
  intN: 0x26,
  varcharOld: 0x27,
  dateN: 0x28,
  timeN: 0x29,
  datetime2N: 0x2a,
  datetimeoffsetN: 0x2b,
  binaryOld: 0x2d,
  charOld: 0x2f,
  tinyint: 0x30,
  bit: 0x32,
  smallint: 0x34,
  decimalOld: 0x37,
  int: 0x38,
  smalldatetime: 0x3a,
  real: 0x3b,
  money: 0x3c,
  datetime: 0x3d,
  float: 0x3e,
  numericOld: 0x3f,
  variant: 0x62,
  ntext: 0x63,
  bitN: 0x68,
  decimalN: 0x6a,
  numericN: 0x6c,
  floatN: 0x6d,
  moneyN: 0x6e,
  datetimeN: 0x6f,
  smallmoney: 0x7a,
  bigint: 0x7f,
  varbinary: 0xa5,
  varchar: 0xa7,
  binary: 0xad,
  char: 0xaf,
  nvarchar: 0xe7,
  nchar: 0xef,
  xml: 0xf1,
} as const;

/** SQL_Latin1_General_CP1_CI_AS: LCID 0x0409, ignore case, kana and width, sort order 52. */
export const COLLATION = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

/** Bytes that are no TDS message; the connection cannot be trusted any further and is cut. */
export class TdsFramingError extends Error {
  override readonly name = 'TdsFramingError';
}

/** A whole message whose content is wrong; answered with SQL Server's error, the connection lives on. */
export class TdsContentError extends Error {
  override readonly name = 'TdsContentError';
  constructor(
    readonly number: number,
    message: string,
    readonly state = 1,
  ) {
    super(message);
  }
}
