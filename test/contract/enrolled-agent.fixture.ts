/** An agent in the scripted API's registry, so that requests can be sealed to it. */
import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { PretendApi } from '#test/contract/api.fixture.js';
import type { PairedSite } from '#test/contract/paired-site.fixture.js';
import { rawPublicKey } from '#libs/pki/keys.js';

/** Serves the site from now on. @param encryptionKey X25519, public */
export async function enrolAgentOf(
  { database: { kysely } }: PretendApi,
  site: PairedSite,
  agentId: string,
  encryptionKey: KeyObject,
): Promise<void> {
  await kysely
    .insertInto('agents')
    .values({
      agent_id: agentId,
      practice_id: site.practiceId,
      state: 'active',
      identity_public_key: randomBytes(32),
      encryption_public_key: rawPublicKey(encryptionKey),
      encryption_key_since: new Date(),
      updated_at: new Date(),
    } as never)
    .execute();
  await kysely
    .updateTable('sites')
    .set({ agent_id: agentId })
    .where('site_id', '=', site.siteId)
    .execute();
}
