/** One record with its proof, as it is given out: enough to check it offline, for good. */
import { Injectable } from '@nestjs/common';
import type { StoredAct } from '#apps/broker/src/activity/read-activity.js';
import { ProveLeaves } from '#apps/broker/src/proofs/prove-leaves.js';
import { formatLogProof } from '#libs/audit/log-proof.js';
import type { RecordProof } from '#libs/console-api/proofs.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** A record as it is stored. */
export interface StoredRecord extends StoredAct {
  /** Number of its leaf; null: it waits for one. */
  leaf: string | null;
}

/** Records get into the log within a second or so. */
const PENDING_MS = 2_000;

@Injectable()
export class ShowProof {
  constructor(private readonly prove: ProveLeaves) {}

  /** @throws ConduitError RECEIPT_PENDING */
  async execute({ record, leaf }: StoredRecord, practiceId?: string): Promise<RecordProof> {
    const index = Number(leaf ?? NaN);
    const head = leaf === null ? undefined : await this.prove.headOver(index, practiceId);
    if (!head) throw notYet();
    const [hashes = []] = await this.prove.inclusion([index], head.size);
    const { checkpoint, witnesses } = head;
    const proof = formatLogProof({ index, hashes, signedCheckpoint: checkpoint });
    return { record, index, proof, checkpoint, verifierKey: this.prove.verifierKey, witnesses };
  }
}

export function notYet(): ConduitError {
  return new ConduitError('RECEIPT_PENDING', { facts: { retryAfterMs: PENDING_MS } });
}
