import type { IsolationLevel } from '../engine/sql-engine.port.js';
import { ByteReader } from './byte-reader.js';
import { TdsContentError } from './protocol.js';
import { skipAllHeaders } from './rpc-request.js';

const RequestType = { begin: 5, commit: 7, rollback: 8, save: 9 } as const;
const BEGIN_AGAIN = 0x01;

const isolationLevels: (IsolationLevel | undefined)[] = [
  undefined,
  'readUncommitted',
  'readCommitted',
  'repeatableRead',
  'serializable',
  'snapshot',
];

interface Begin {
  isolation: IsolationLevel | undefined;
  name: string;
}

export type TransactionRequest =
  | ({ kind: 'begin' } & Begin)
  /** `then` begins the next transaction at once. */
  | { kind: 'commit'; then: Begin | undefined }
  | { kind: 'rollback'; name: string; then: Begin | undefined }
  | { kind: 'save'; name: string };

/**
 * [MS-TDS] 2.2.6.9. Distributed transactions are not served.
 *
 * @throws TdsContentError 8501 for the request types of distributed transactions
 */
export function readTransactionRequest(payload: Buffer): TransactionRequest {
  const reader = new ByteReader(payload);
  skipAllHeaders(reader);
  const type = reader.uint16();
  switch (type) {
    case RequestType.begin:
      return { kind: 'begin', ...readBegin(reader) };
    case RequestType.commit:
      readName(reader);
      return { kind: 'commit', then: readThen(reader) };
    case RequestType.rollback:
      return { kind: 'rollback', name: readName(reader), then: readThen(reader) };
    case RequestType.save:
      return { kind: 'save', name: readName(reader) };
    default:
      throw new TdsContentError(8501, "MSDTC on server 'SANDBOX' is unavailable.", 3);
  }
}

function readBegin(reader: ByteReader): Begin {
  return { isolation: isolationLevels[reader.uint8()], name: readName(reader) };
}

function readThen(reader: ByteReader): Begin | undefined {
  return (reader.uint8() & BEGIN_AGAIN) === 0 ? undefined : readBegin(reader);
}

function readName(reader: ByteReader): string {
  return reader.ucs2(reader.uint8());
}
