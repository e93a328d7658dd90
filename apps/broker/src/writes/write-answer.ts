/** What an agent says of a write, read strictly: only known fields of the promised form go on. */
import type { ParameterDto } from '#libs/contracts/command.js';
import {
  writeStates,
  type FindWriteAnswer,
  type WriteOutcome,
} from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { instant, matches, oneOf } from '#libs/grants/field-checks.js';

const isState = oneOf(writeStates);
const isReason = matches(/^[A-Za-z_]{1,60}$/);
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= -1;

/** @throws ConduitError LINK_PROTOCOL */
export function readWriteAnswer(answer: object): FindWriteAnswer {
  const { state, reason, outcome, receivedAt, appliedAt } = answer as Partial<FindWriteAnswer>;
  if (!isState(state)) throw new ConduitError('LINK_PROTOCOL');
  return {
    state: state as FindWriteAnswer['state'],
    ...(isReason(reason) && { reason: reason as string }),
    ...(instant(receivedAt) && { receivedAt: receivedAt as string }),
    ...(instant(appliedAt) && { appliedAt: appliedAt as string }),
    ...(typeof outcome === 'object' && outcome !== null && { outcome: readOutcome(outcome) }),
  };
}

function readOutcome({
  rowsAffected,
  rows,
  parameters,
  kept,
}: Partial<WriteOutcome>): WriteOutcome {
  return {
    ...(isCount(rowsAffected) && { rowsAffected }),
    ...(isCount(rows) && { rows }),
    ...(Array.isArray(parameters) && { parameters: parameters as ParameterDto[] }),
    kept: kept === true,
  };
}
