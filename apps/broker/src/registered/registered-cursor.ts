/**
 * Cursors: which run a caller has seen. Opaque, and bound by a MAC to the integrator, the site and the
 * registered query, so that no other cursor and no guess passes.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Secret } from '#libs/kernel/secret.js';

const RUN_BYTES = 8;
const MAC_BYTES = 16;
const FORM = /^[A-Za-z0-9_-]{32}$/;

export class RegisteredCursors {
  private readonly key: Buffer;

  /** @param secret the same on all nodes */
  constructor(secret: Secret<Buffer>) {
    const info = 'conduit registered cursor v1';
    this.key = Buffer.from(hkdfSync('sha256', secret.reveal(), Buffer.alloc(0), info, 32));
  }

  write(row: RegisteredRow, run: number): string {
    const bytes = Buffer.alloc(RUN_BYTES);
    bytes.writeBigUInt64BE(BigInt(run));
    return Buffer.concat([bytes, this.macOf(row, bytes)]).toString('base64url');
  }

  /** @throws ConduitError CURSOR_INVALID */
  read(row: RegisteredRow, cursor: string): number {
    const bytes = Buffer.from(FORM.test(cursor) ? cursor : '', 'base64url');
    const run = bytes.subarray(0, RUN_BYTES);
    const mac = bytes.subarray(RUN_BYTES);
    if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, this.macOf(row, run))) {
      throw new ConduitError('CURSOR_INVALID');
    }
    return Number(run.readBigUInt64BE());
  }

  private macOf(row: RegisteredRow, run: Buffer): Buffer {
    const { integrator_id, site_id, registered_id } = row;
    return createHmac('sha256', this.key)
      .update(JSON.stringify([integrator_id, site_id, registered_id]))
      .update(run)
      .digest()
      .subarray(0, MAC_BYTES);
  }
}
