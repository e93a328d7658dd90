/**
 * Takes a registered query in. Its request is sealed to the agent while the call lasts; the registry
 * keeps its terms. An agent that is attached gets it at once, any other one as soon as it attaches.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BringRegistered } from '#apps/broker/src/registered/bring-registered.js';
import { EndRegistered } from '#apps/broker/src/registered/end-registered.js';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { sealName } from '#apps/broker/src/registered/sealed-name.js';
import {
  StoreRegistered,
  type NewRegistered,
} from '#apps/broker/src/registered/store-registered.js';
import { WaitingRequests } from '#apps/broker/src/registered/waiting-requests.js';
import type { RegisteredQueryDto } from '#libs/contracts/registered.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import type { Secret } from '#libs/kernel/secret.js';
import { Turns } from '#libs/kernel/turns.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { sealRequest } from '#libs/sealing/seal-request.js';

export interface CreateOrder {
  caller: CallerIdentity;
  /** Of the presented API key. */
  secret: Secret<Buffer>;
  siteId: string;
  requestId: string;
  grant: Grant;
  query: RegisteredQueryDto;
  /** The caller's bytes. */
  body: Buffer;
  idempotencyKey: string | undefined;
}

interface WrittenDown {
  row: RegisteredRow;
  /** Absent: the row was there before. */
  fresh?: { sealed: Buffer; whyNotKept: ConduitError | undefined };
}

@Injectable()
export class CreateRegistered {
  /** The registry lets one in after the other; what comes at once would only seal all at once, and hold others up. */
  private readonly turns = new Turns();

  constructor(
    private readonly store: StoreRegistered,
    private readonly waiting: WaitingRequests,
    private readonly bring: BringRegistered,
    private readonly ending: EndRegistered,
    private readonly broadcast: Broadcast,
  ) {}

  /**
   * @returns its id
   * @throws ConduitError SITE_OFFLINE where no agent was ever enrolled, REGISTERED_LIMIT,
   *   IDEMPOTENCY_KEY_REUSED; QUEUE_UNAVAILABLE, TRANSIENT_STORE_FULL when it would have to wait; what
   *   the agent refuses it for
   */
  async execute(order: CreateOrder): Promise<string> {
    const { row, fresh } = await this.turns.take(order.caller.integratorId, () =>
      this.writeDown(order),
    );
    const { registered_id: id } = row;
    if (!fresh || (await this.bring.bringNew(row, fresh.sealed))) return id;
    if (fresh.whyNotKept) {
      await this.ending.giveUp(id, 'initialisationFailedCacheError', fresh.whyNotKept.code);
      throw fresh.whyNotKept;
    }
    await this.broadcast.publish('registered.changed', id);
    return id;
  }

  private async writeDown(order: CreateOrder): Promise<WrittenDown> {
    const sealedTo = await this.store.agentKey(order.siteId);
    if (sealedTo === undefined) throw new ConduitError('SITE_OFFLINE');
    const wanted = rowOf(order, sealedTo);
    const sealed = sealFor(order, wanted);
    const whyNotKept = await this.keep(wanted, sealed);
    if (whyNotKept && !this.bring.reaches(order.siteId)) throw whyNotKept;
    const { practiceId } = order.grant;
    const row = await this.store
      .execute(wanted, { practiceId, requestId: order.requestId })
      .catch(async (error: unknown) => {
        await this.waiting.drop(wanted);
        throw error;
      });
    if (row.registered_id === wanted.registered_id) return { row, fresh: { sealed, whyNotKept } };
    await this.waiting.drop(wanted);
    return { row };
  }

  private async keep(wanted: NewRegistered, sealed: Buffer): Promise<ConduitError | undefined> {
    try {
      await this.waiting.keep(wanted, sealed);
      return undefined;
    } catch (error) {
      return toConduitError(error);
    }
  }
}

function rowOf(order: CreateOrder, sealedTo: string): NewRegistered {
  const { caller, secret, siteId, grant, query, body, idempotencyKey } = order;
  const id = randomUUID();
  const now = new Date();
  return {
    registered_id: id,
    integrator_id: caller.integratorId,
    site_id: siteId,
    key_id: caller.keyId,
    grant_id: grant.grantId,
    grant_seq: grant.seq,
    result_key: deriveResultKey(secret.reveal(), id).publicKey,
    sealed_to: sealedTo,
    sealed_name: sealName(secret, id, query.name),
    name_key_id: caller.keyId,
    // A caller's own words again: only a digest of the key rests, and of the body only what its
    // owner could make.
    creation_mac: idempotencyKey === undefined ? null : digestOf(idempotencyKey),
    request_mac: createHmac('sha256', secret.reveal()).update(body).digest(),
    state: 'enabled',
    frequency_seconds: query.frequency,
    duration_seconds: query.duration,
    ends_at: new Date(now.getTime() + query.duration * 1_000),
    request_bytes: body.length,
    updated_at: now,
  };
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function sealFor({ body }: CreateOrder, wanted: NewRegistered): Buffer {
  const context = {
    queryId: wanted.registered_id,
    siteId: wanted.site_id,
    integratorId: wanted.integrator_id,
    keyId: wanted.key_id,
    resultKey: wanted.result_key,
    idempotencyKey: '',
  };
  return sealRequest(wanted.sealed_to, context, body);
}
