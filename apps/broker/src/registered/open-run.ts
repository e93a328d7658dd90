/** Opens what the agent sealed to the creator of a registered query, while a call of his lasts. */
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import type { SealedPart } from '#apps/broker/src/registered/run-parts.js';
import type { ParameterDto } from '#libs/contracts/command.js';
import { runSealId } from '#libs/contracts/registered.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Secret } from '#libs/kernel/secret.js';
import { openText } from '#libs/sealing/page-text.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { ResultOpener } from '#libs/sealing/seal-result.js';

/** Part `outcome`. */
export interface RunResult {
  rows: number;
  size: number;
  parameters: ParameterDto[] | null;
}

export class RunOpener {
  private readonly privateKey: ReturnType<typeof deriveResultKey>['privateKey'];

  /** @throws ConduitError RESULT_KEY_MISMATCH for another key than the one that created it */
  constructor(
    private readonly row: RegisteredRow,
    secret: Secret<Buffer>,
  ) {
    const key = deriveResultKey(secret.reveal(), row.registered_id);
    if (key.publicKey !== row.result_key) throw new ConduitError('RESULT_KEY_MISMATCH');
    this.privateKey = key.privateKey;
  }

  /** @throws ConduitError SEAL_BROKEN */
  open(run: number, part: SealedPart): Promise<Buffer> {
    return openText(this.opener(run, part), part);
  }

  /** @throws ConduitError SEAL_BROKEN */
  async openJson<T>(run: number, part: SealedPart): Promise<T> {
    return JSON.parse((await this.open(run, part)).toString('utf8')) as T;
  }

  /** @throws ConduitError SEAL_BROKEN when the envelope is not for this key and this run */
  opener(run: number, { keyEnvelope }: Pick<SealedPart, 'keyEnvelope'>): ResultOpener {
    const { registered_id, site_id: siteId, integrator_id: integratorId } = this.row;
    const context = { queryId: runSealId(registered_id, run), siteId, integratorId };
    return new ResultOpener(this.privateKey, keyEnvelope, context);
  }
}
