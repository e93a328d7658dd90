import type { SqlParameter } from '../engine/sql-engine.port.js';
import { ByteReader } from './byte-reader.js';
import { TdsContentError } from './protocol.js';
import { readTypeInfo } from './type-reader.js';

const NAMED_BY_ID = 0xffff;
const BATCH_SEPARATOR = 0xff;
const NO_EXECUTE_SEPARATOR = 0xfe;
const MAX_PARAMETERS = 2100;
const ParameterStatus = { byReference: 0x01, isDefault: 0x02 } as const;

/** The procedures that clients call by number rather than by name. */
const PROCEDURE_NAMES: Record<number, string> = {
  1: 'sp_cursor',
  2: 'sp_cursoropen',
  3: 'sp_cursorprepare',
  4: 'sp_cursorexecute',
  5: 'sp_cursorprepexec',
  6: 'sp_cursorunprepare',
  7: 'sp_cursorfetch',
  8: 'sp_cursoroption',
  9: 'sp_cursorclose',
  10: 'sp_executesql',
  11: 'sp_prepare',
  12: 'sp_execute',
  13: 'sp_prepexec',
  14: 'sp_prepexecrpc',
  15: 'sp_unprepare',
};

export interface RpcParameter extends SqlParameter {
  /** DEFAULT was passed: the procedure's own default counts, the value says nothing. */
  isDefault: boolean;
}

export interface RpcCall {
  procedure: string;
  parameters: RpcParameter[];
  /** The client asked for the text to be checked but not run. */
  isNoExecute: boolean;
}

/** ALL_HEADERS opens batches, calls and transaction requests. Its content, the transaction descriptor, is the session's own business. */
export function skipAllHeaders(reader: ByteReader): void {
  const total = reader.uint32();
  if (total < 4) throw streamIncorrect();
  reader.take(total - 4);
}

/**
 * Reads all calls of one RPC message, [MS-TDS] 2.2.6.6.
 *
 * @throws TdsContentError 8003 for more than 2,100 parameters, 8009 and 8023 for bad ones
 */
export function readRpcCalls(payload: Buffer): RpcCall[] {
  const reader = new ByteReader(payload);
  skipAllHeaders(reader);
  const calls: RpcCall[] = [];
  do {
    calls.push(readCall(reader));
  } while (reader.remaining > 0);
  return calls;
}

function readCall(reader: ByteReader): RpcCall {
  const nameLength = reader.uint16();
  let procedure: string;
  if (nameLength === NAMED_BY_ID) {
    const id = reader.uint16();
    const name = PROCEDURE_NAMES[id];
    if (name === undefined) throw streamIncorrect();
    procedure = name;
  } else {
    procedure = reader.ucs2(nameLength * 2);
  }
  reader.uint16();
  const parameters: RpcParameter[] = [];
  let isNoExecute = false;
  while (reader.remaining > 0) {
    const next = reader.bytes[reader.position];
    if (next === BATCH_SEPARATOR || next === NO_EXECUTE_SEPARATOR) {
      isNoExecute = next === NO_EXECUTE_SEPARATOR;
      reader.take(1);
      break;
    }
    if (parameters.length === MAX_PARAMETERS) throw tooManyParameters();
    parameters.push(readParameter(reader, parameters.length + 1));
  }
  return { procedure, parameters, isNoExecute };
}

function readParameter(reader: ByteReader, ordinal: number): RpcParameter {
  const name = reader.shortText();
  const status = reader.uint8();
  const column = readTypeInfo(reader, 'call', `Parameter ${ordinal} ("${name}")`);
  return {
    name,
    type: column.type,
    value: column.read(reader),
    output: (status & ParameterStatus.byReference) !== 0,
    isDefault: (status & ParameterStatus.isDefault) !== 0,
  };
}

function tooManyParameters(): TdsContentError {
  return new TdsContentError(
    8003,
    'The incoming request has too many parameters. The server supports a maximum of 2100 ' +
      'parameters. Reduce the number of parameters and resend the request.',
  );
}

export function streamIncorrect(): TdsContentError {
  return new TdsContentError(
    4002,
    'The incoming tabular data stream (TDS) protocol stream is incorrect. The stream ended unexpectedly.',
  );
}
