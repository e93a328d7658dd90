/** Agents as the store has them, without processes behind them; and words that staff must never read. */
import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { AgentHealthTable } from '#libs/db/fleet-tables.js';
import type { PretendApi } from '#test/contract/api.fixture.js';

export interface FleetAgentWish extends Partial<Insertable<AgentHealthTable>> {
  /** Of its practice. */
  name?: string;
  siteName?: string;
}

/** @returns its id; it has a practice and a site of its own */
export async function aFleetAgent(api: PretendApi, wish: FleetAgentWish = {}): Promise<string> {
  const { name = 'Zz Fleet Practice', siteName = 'Zz Fleet Site', ...health } = wish;
  const { kysely } = api.database;
  const [agentId, practiceId, siteId] = [randomUUID(), randomUUID(), randomUUID()];
  const now = new Date();
  await kysely.insertInto('practices').values({ practice_id: practiceId, name }).execute();
  await kysely
    .insertInto('agents')
    .values({
      agent_id: agentId,
      practice_id: practiceId,
      state: 'active',
      identity_public_key: Buffer.from(agentId),
      encryption_public_key: Buffer.alloc(32),
      encryption_key_since: now,
      updated_at: now,
    })
    .execute();
  await kysely
    .insertInto('sites')
    .values({
      ...{ site_id: siteId, practice_id: practiceId, agent_id: agentId, name: siteName },
      ...{ pms_type: 'Sandbox', pms_site_id: 'ZZ1', status: 'active', authoritative: true },
      catalogues: JSON.stringify([]),
      last_seen_at: now,
      updated_at: now,
    })
    .execute();
  const settled = { state_since: now, ...signalsFor(health.state, now) };
  await kysely
    .updateTable('agent_health')
    .set({ ...settled, ...health } as never)
    .where('agent_id', '=', agentId)
    .execute();
  return agentId;
}

/** What makes the broker itself come to that state: it looks at the fleet meanwhile. */
function signalsFor(state: string | undefined, now: Date) {
  const hourAgo = new Date(now.getTime() - 3_600_000);
  const well = { heard_at: now, probed_at: now, database: 'ok', cause: 'healthy' };
  if (state === 'offline') return { ...well, heard_at: null, cause: 'never-joined' };
  if (state === 'unreachable') return { ...well, heard_at: hourAgo, cause: 'silent' };
  return state === 'degraded' ? { ...well, database: 'unavailable' } : well;
}

export const MARKER = 'ZzNeverForStaff';

/**
 * Gives the agent's practice people, permissions, requests, queries and webhooks, with the marker in
 * every free text: what a practice, an integrator or a statement said.
 */
export async function plantMarkers(api: PretendApi, agentId: string): Promise<void> {
  const { kysely } = api.database;
  const site = await kysely
    .selectFrom('sites')
    .select(['site_id', 'practice_id'])
    .where('agent_id', '=', agentId)
    .executeTakeFirstOrThrow();
  const [personId, integratorId] = [randomUUID(), randomUUID()];
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000);
  const words = (text: object) => JSON.stringify(text);
  await kysely
    .insertInto('people')
    .values({ person_id: personId, name: MARKER, email: `${MARKER}@example.com`, updated_at: now })
    .execute();
  const role = {
    person_role_id: randomUUID(),
    person_id: personId,
    role: 'practice-owner',
  } as const;
  const place = { practice_id: site.practice_id, integrator_id: null };
  await kysely
    .insertInto('person_roles')
    .values({ ...role, ...place, expires_at: null, invited_by: MARKER })
    .execute();
  await kysely
    .insertInto('invitations')
    .values({
      ...{ invitation_id: randomUUID(), secret_hash: Buffer.from(MARKER), ...place },
      ...{ role: 'practice-manager', role_expires_at: null, email: `${MARKER}@example.com` },
      ...{ invited_by: MARKER, expires_at: later, accepted_at: null, accepted_by: null },
    })
    .execute();
  await kysely
    .insertInto('integrators')
    .values({
      ...{ integrator_id: integratorId, name: 'Zz Vendor', contact_email: `${MARKER}@example.com` },
      ...{ purposes: words(['PATADMIN']), countries: words(['AU']) },
    })
    .execute();
  await kysely
    .insertInto('api_keys')
    .values({
      ...{ key_id: randomUUID(), integrator_id: integratorId, name: MARKER },
      ...{ secret_hmac: Buffer.from(MARKER), site_ids: words([]), address_ranges: words([]) },
    })
    .execute();
  await kysely
    .insertInto('access_requests')
    .values({
      ...{ access_request_id: randomUUID(), site_id: site.site_id, integrator_id: integratorId },
      ...{ state: 'declined', decline_reason: MARKER },
      asked: words({ scopes: [`procedure:${MARKER}`], catalogues: [MARKER], purposes: [] }),
    })
    .execute();
  await kysely
    .insertInto('grants')
    .values({
      ...{ grant_id: randomUUID(), seq: 1, site_id: site.site_id, integrator_id: integratorId },
      ...{ state: 'active', expires_at: later, signed: words({ scopes: [`statement:${MARKER}`] }) },
    })
    .execute();
  await kysely
    .insertInto('submitted_statements')
    .values({
      ...{ statement_id: integratorId, integrator_id: integratorId, sha256: 'a'.repeat(64) },
      ...{ name: MARKER, description: MARKER, text: MARKER, changes: false },
      ...{ submitted_by: MARKER, submitted_at: now, withdrawn_at: null },
    })
    .execute();
  await kysely
    .insertInto('statement_asks')
    .values({ statement_id: integratorId, site_id: site.site_id, asked_by: MARKER, asked_at: now })
    .execute();
  await kysely
    .insertInto('webhook_endpoints')
    .values({
      ...{ webhook_id: randomUUID(), integrator_id: integratorId, signature: 'halo' },
      ...{ url: `https://example.com/${MARKER}`, events: words([]), site_ids: words([]) },
      ...{ sealed_secret: Buffer.from(MARKER), public_key: MARKER, updated_at: now },
    })
    .execute();
  await kysely
    .insertInto('registered_queries')
    .values({
      ...{ registered_id: randomUUID(), integrator_id: integratorId, site_id: site.site_id },
      ...{ key_id: MARKER, grant_id: MARKER, grant_seq: 1, result_key: MARKER, sealed_to: MARKER },
      ...{ sealed_name: Buffer.from(MARKER), name_key_id: MARKER, state: 'enabled' },
      ...{ frequency_seconds: 60, duration_seconds: 3_600, ends_at: later, request_bytes: 1 },
      ...{ result_hash: MARKER, error_type: MARKER, updated_at: now },
    })
    .execute();
  await kysely
    .updateTable('sites')
    .set({ catalogues: words([{ name: MARKER, isDefault: true }]), pms_version: MARKER })
    .where('site_id', '=', site.site_id)
    .execute();
}
