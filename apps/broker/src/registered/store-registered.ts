/** Writes a new registered query into the registry, with its record in the audit, or not at all. */
import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Insertable } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { lockIntegrator } from '#apps/broker/src/integrators/lock-integrator.js';
import { RegisteredAllowance } from '#apps/broker/src/registered/registered-allowance.js';
import { auditSubject, type RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import type { Database, RegisteredQueriesTable } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export type NewRegistered = Insertable<RegisteredQueriesTable> & {
  ends_at: Date;
  updated_at: Date;
  creation_mac: Buffer | null;
  request_mac: Buffer;
};

@Injectable()
export class StoreRegistered {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly allowance: RegisteredAllowance,
  ) {}

  /** Raw X25519, base64url: what is sealed to it, the site's agent can open; undefined without one. */
  async agentKey(siteId: string): Promise<string | undefined> {
    const agent = await this.database
      .selectFrom('sites')
      .innerJoin('agents', 'agents.agent_id', 'sites.agent_id')
      .select('encryption_public_key')
      .where('site_id', '=', siteId)
      .where('agents.state', '!=', 'revoked')
      .executeTakeFirst();
    return agent?.encryption_public_key.toString('base64url');
  }

  /**
   * @returns the row; another one than was given when its Idempotency-Key has created it before
   * @throws ConduitError REGISTERED_LIMIT, IDEMPOTENCY_KEY_REUSED, AUDIT_UNAVAILABLE
   */
  async execute(
    wanted: NewRegistered,
    { practiceId, requestId }: { practiceId: string; requestId: string },
  ): Promise<RegisteredRow> {
    return this.database.transaction().execute(async (within) => {
      const { integrator_id, site_id, creation_mac } = wanted;
      await lockIntegrator(within, integrator_id);
      if (creation_mac) {
        const known = await within
          .selectFrom('registered_queries')
          .selectAll()
          .where('integrator_id', '=', integrator_id)
          .where('site_id', '=', site_id)
          .where('creation_mac', '=', creation_mac)
          .executeTakeFirst();
        if (known) return sameOrRefused(known, wanted);
      }
      await this.allowance.requireRoom(within, integrator_id, site_id, wanted.updated_at);
      const row = await within
        .insertInto('registered_queries')
        .values(wanted)
        .returningAll()
        .executeTakeFirstOrThrow();
      const subject = { practice: practiceId, ...auditSubject(row), requestId };
      await this.audit.record(
        { type: 'registered.created', ...subject, outcome: 'successful' },
        within,
      );
      return row;
    });
  }
}

function sameOrRefused(
  known: RegisteredRow,
  { request_mac, key_id }: NewRegistered,
): RegisteredRow {
  const mac = known.request_mac;
  const isSame = mac?.length === request_mac.length && timingSafeEqual(mac, request_mac);
  if (isSame) return known;
  const reason = known.key_id === key_id ? 'otherRequest' : 'otherSubscriptionKey';
  throw new ConduitError('IDEMPOTENCY_KEY_REUSED', { facts: { reason } });
}
