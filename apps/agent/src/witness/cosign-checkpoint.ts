/**
 * Decides about each head of the broker's audit log that comes over the link. Cosigned is only what
 * provably continues everything seen before, and only once it is on disk here. A head that contradicts
 * what the log signed earlier, or a log that came back shorter or under another key, is kept as evidence; from
 * then on nothing is cosigned until a person here has looked.
 */
import { Injectable } from '@nestjs/common';
import { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { WitnessFile, type WitnessRecord } from '#apps/agent/src/witness/witness-file.js';
import { openCheckpoint, type OpenedCheckpoint } from '#libs/audit/checkpoint.js';
import { cosign } from '#libs/audit/cosignature.js';
import { parseVerifierKey } from '#libs/audit/signed-note.js';
import { EMPTY_ROOT } from '#libs/audit/tree-hash.js';
import { verifyConsistency, type TreeHead } from '#libs/audit/verify-proofs.js';
import {
  parseWitnessRequest,
  witnessName,
  type WitnessRequest,
} from '#libs/audit/witness-request.js';
import type { WitnessAlarm, WitnessAnswer } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { oneByOne } from '#libs/kernel/turns.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

/** What `status` says of it. */
export interface WitnessStanding {
  /** Leaves of the last head that was cosigned; absent: none yet. */
  size?: number;
  alarm?: WitnessAlarm;
  /** ISO 8601 UTC */
  alarmedAt?: string;
  /** What was kept before could not be read; it was laid aside, and nobody has looked yet. */
  isDamaged?: true;
}

@Injectable()
export class CosignCheckpoint {
  /** Requests are decided one after another: two nodes of the broker may ask at once. */
  private readonly inTurn = oneByOne();
  /** The last head was shorter than the one kept. */
  private wasShorter = false;
  /** Hears of each head that was cosigned. */
  onCosigned: ((head: TreeHead) => void) | undefined;

  constructor(
    private readonly file: WitnessFile,
    private readonly own: OwnIdentity,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  get standing(): WitnessStanding {
    const { record, isDamaged } = this.file;
    const { size, alarm } = record ?? {};
    return {
      ...(size !== undefined && { size }),
      ...(alarm && { alarm: alarm.what, alarmedAt: alarm.at }),
      ...(isDamaged && { isDamaged }),
    };
  }

  /**
   * @param body as tlog-witness has it
   * @throws ConduitError REQUEST_INVALID for what is no request, or not signed by the log it names
   */
  execute(logKey: string, body: string): Promise<WitnessAnswer> {
    return this.inTurn(() => this.decide(logKey, body));
  }

  private async decide(logKey: string, body: string): Promise<WitnessAnswer> {
    const request = parseWitnessRequest(body);
    const key = parseVerifierKey(logKey);
    const opened = request && key && openCheckpoint(request.signedCheckpoint, key);
    if (!opened) throw new ConduitError('REQUEST_INVALID', { facts: { field: 'checkpoint' } });
    const kept = this.file.record ?? {
      logKey,
      size: 0,
      root: EMPTY_ROOT.toString('base64'),
      signedCheckpoint: '',
    };
    if (kept.alarm) return { alarm: kept.alarm.what };
    const verdict = this.judge(kept, logKey, request, opened);
    if (typeof verdict === 'number') return { size: verdict };
    if (verdict !== 'good') return this.raise(verdict, kept, logKey, request, opened);
    const { size, root } = opened.checkpoint;
    if (size > kept.size || kept.signedCheckpoint === '') {
      const { signedCheckpoint } = request;
      await this.file.keep({ logKey, size, root: root.toString('base64'), signedCheckpoint });
    }
    this.onCosigned?.(opened.checkpoint);
    return { cosignature: this.cosign(opened) };
  }

  /** @returns the size that a proof must start from, where this one starts from another */
  private judge(
    kept: WitnessRecord,
    logKey: string,
    { oldSize, proof }: WitnessRequest,
    { checkpoint }: OpenedCheckpoint,
  ): 'good' | WitnessAlarm | number {
    if (logKey !== kept.logKey) return 'other-log';
    if (checkpoint.size < kept.size) {
      // One that was overtaken on its way is shorter once; asked again, the broker has a longer one.
      if (this.wasShorter) return 'roll-back';
      this.wasShorter = true;
      return kept.size;
    }
    this.wasShorter = false;
    const seen = { size: kept.size, root: Buffer.from(kept.root, 'base64') };
    if (checkpoint.size === seen.size) return checkpoint.root.equals(seen.root) ? 'good' : 'fork';
    if (oldSize !== seen.size) return seen.size;
    return verifyConsistency(seen, checkpoint, proof) ? 'good' : 'fork';
  }

  private async raise(
    what: WitnessAlarm,
    kept: WitnessRecord,
    logKey: string,
    { signedCheckpoint }: WitnessRequest,
    { checkpoint }: OpenedCheckpoint,
  ): Promise<WitnessAnswer> {
    const [keptSize, shownSize] = [kept.size, checkpoint.size];
    this.log.write('audit-log.contradicted', { alarm: what, keptSize, shownSize });
    const at = new Date(this.clock.now()).toISOString();
    await this.file.keep({ ...kept, alarm: { what, at, logKey, signedCheckpoint } });
    return { alarm: what };
  }

  private cosign({ checkpoint, note }: OpenedCheckpoint): string {
    const cosigner = {
      name: witnessName(checkpoint.origin, this.own.agentId),
      publicKey: publicKeyFromRaw('ed25519', this.own.publicKey),
      sign: (message: Uint8Array) => this.own.sign(message),
    };
    return cosign(note.text, cosigner, Math.floor(this.clock.now() / 1_000));
  }
}
