/** A practice with one site, an integrator with a key, and what was granted between them. */
import { randomUUID } from 'node:crypto';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { GrantLookup } from '#apps/broker/src/grants/grant-book.port.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import type { PretendApi } from '#test/contract/api.fixture.js';

export interface PairedSite {
  practiceId: string;
  siteId: string;
  integratorId: string;
  keyId: string;
  key: string;
  /** Path of the site under the integrator API. */
  path: string;
}

export async function aPairedSite(
  api: PretendApi,
  changes: Partial<Grant> = {},
): Promise<PairedSite> {
  const { practiceId = '' } = await api.operator('/operator/practices', { name: 'Zz Practice' });
  const { integratorId = '' } = await api.operator('/operator/integrators', { name: 'Zz Vendor' });
  const keys = `/operator/integrators/${integratorId}/keys`;
  const { key = '', keyId = '' } = await api.operator(keys, { name: 'first' });
  const siteId = await aSite(api, practiceId);
  const grant = aGrant({ practiceId, siteIds: [siteId], integratorId, ...changes });
  grantAs(api, siteId, integratorId, { state: 'active', grant });
  return { practiceId, siteId, integratorId, key, keyId, path: `/integrator/sites/${siteId}` };
}

export function grantAs(
  api: PretendApi,
  siteId: string,
  integratorId: string,
  lookup: GrantLookup,
): void {
  api.grants.lookups.set(`${siteId} ${integratorId}`, lookup);
}

export async function aSite(api: PretendApi, practiceId: string): Promise<string> {
  const siteId = randomUUID();
  await api.database.kysely
    .insertInto('sites')
    .values({
      site_id: siteId,
      practice_id: practiceId,
      name: 'Zz Clinic',
      pms_type: 'BestPractice',
      pms_site_id: `pms-${siteId.slice(0, 8)}`,
      pms_version: '1.13.1',
      status: 'active',
      authoritative: true,
      catalogues: JSON.stringify([{ name: 'Patients', isDefault: true }]),
      agent_version: '0.1.0',
      enriched_at: new Date(),
      last_seen_at: new Date(),
      updated_at: new Date(),
    })
    .execute();
  // As the report of its agent does.
  await api.app.get(Broadcast, { strict: false }).publish('site.changed', siteId);
  return siteId;
}
