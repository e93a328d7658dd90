/** Opens what the practice sealed to the caller, with the secret of the key that the call came with. */
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import type { ColumnFacts } from '#libs/contracts/link-messages.js';
import type { ParameterDto } from '#libs/contracts/command.js';
import type { SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Secret } from '#libs/kernel/secret.js';
import { openText } from '#libs/sealing/page-text.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { ResultOpener } from '#libs/sealing/seal-result.js';

/** Page 0: what else the statement answered. For the caller alone. */
export interface ResultOutcome {
  parameters?: ParameterDto[];
  columns?: ColumnFacts[] | ColumnFacts[][];
  /** The database's own number; one that the statement chose stands nowhere else. */
  errorCode?: number;
  errorMessage?: string;
}

export const OUTCOME_PAGE = 0;
/** An outcome that says nothing, `{}`, is not kept. */
export const EMPTY_BYTES = 2;

/**
 * @returns undefined while there is nothing to open
 * @throws ConduitError RESULT_KEY_MISMATCH for another key than the one that submitted it
 */
export function openerFor(record: QueryRecord, secret: Secret<Buffer>): ResultOpener | undefined {
  const { id: queryId, siteId, integratorId, keyEnvelope } = record;
  const key = deriveResultKey(secret.reveal(), queryId);
  if (key.publicKey !== record.resultKey) throw new ConduitError('RESULT_KEY_MISMATCH');
  if (keyEnvelope === undefined) return undefined;
  return new ResultOpener(key.privateKey, keyEnvelope, { queryId, siteId, integratorId });
}

/** @throws ConduitError SEAL_BROKEN */
export async function openOutcome(opener: ResultOpener, page: SealedPage): Promise<ResultOutcome> {
  const said = JSON.parse((await openText(opener, page)).toString('utf8')) as unknown;
  if (typeof said !== 'object' || said === null) throw new ConduitError('SEAL_BROKEN');
  const { parameters, columns, errorCode, errorMessage } = said as Record<string, unknown>;
  const outcome: ResultOutcome = {};
  if (Array.isArray(parameters)) outcome.parameters = parameters as ParameterDto[];
  if (Array.isArray(columns)) outcome.columns = columns as ColumnFacts[];
  if (Number.isSafeInteger(errorCode)) outcome.errorCode = errorCode as number;
  if (typeof errorMessage === 'string') outcome.errorMessage = errorMessage;
  return outcome;
}
