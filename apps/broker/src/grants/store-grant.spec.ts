import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';

import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { storedGrantBounds } from '#apps/broker/src/grants/stored-grant-bounds.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';

let practice: BrokerPractice;
beforeAll(async () => {
  practice = await BrokerPractice.open();
  for (const site of ['site-1', 'site-2'])
    for (const integrator of ['integrator-1', 'integrator-2'])
      await practice.asked(site, integrator);
});
afterAll(() => practice.close());

const publish = (grant: Grant, agent: 'one' | 'two' = 'one'): Promise<Grant> =>
  practice.grants.execute(practice.agents[agent].peer, practice.published(grant, agent));

const reason = (word: string): object => ({ code: 'GRANT_INVALID', facts: { reason: word } });

describe('a grant that an agent publishes', () => {
  test('is kept as signed, opens the book, and again is no error', async () => {
    const grant = aGrant();
    const heard = new Promise((resolve) => practice.broadcast.subscribe('grant.changed', resolve));
    await publish(grant);
    await publish(grant);
    await expect(heard).resolves.toBe('site-1');
    await practice.book.reread();
    const known = practice.book.find('site-1', 'integrator-1') as { grant: Grant };
    expect(known).toEqual({ state: 'active', grant });
    // Read again, but taken apart only once.
    await practice.book.reread();
    const again = practice.book.find('site-1', 'integrator-1') as { grant: Grant };
    expect(again.grant).toBe(known.grant);
    const { grants } = await practice.grants.list(practice.agents.one.peer);
    expect(grants).toContainEqual(practice.published(grant).signed);
    expect(await practice.grants.list(practice.agents.two.peer)).toEqual({ grants: [] });
    const acts = practice.audit.records.filter((record) => record.grantId === grant.grantId);
    expect(acts).toMatchObject([{ type: 'grant.approved', grantSeq: 1, site: 'site-1' }]);
  });

  test('closes the book when it is revoked or past its end, before its maker hears that it is', async () => {
    const grant = aGrant({ integratorId: 'integrator-2' });
    await publish(grant);
    expect(practice.book.find('site-1', 'integrator-2').state).toBe('active');
    practice.clock.advance(Date.parse(grant.expires) - practice.clock.now());
    expect(practice.book.find('site-1', 'integrator-2').state).toBe('expired');
    await publish({ ...grant, seq: 2, revoked: true });
    expect(practice.book.find('site-1', 'integrator-2').state).toBe('revoked');
    await expect(publish({ ...grant, seq: 3 })).rejects.toMatchObject(reason('revoked'));
  });

  test('goes forward only', async () => {
    const grant = aGrant({ seq: 5 });
    await publish(grant);
    await expect(publish({ ...grant, seq: 4 })).rejects.toMatchObject(reason('replayed'));
    await expect(publish({ ...grant, limits: {} })).rejects.toMatchObject(reason('seq-taken'));
    await expect(publish({ ...grant, seq: 6, integratorId: 'integrator-2' })).rejects.toMatchObject(
      reason('integrator-changed'),
    );
  });

  test('speaks of its own practice and sites only', async () => {
    await expect(publish(aGrant(), 'two')).rejects.toMatchObject(reason('practice'));
    await expect(publish(aGrant({ siteIds: ['site-1', 'site-2'] }))).rejects.toMatchObject({
      code: 'SITE_NOT_FOUND',
    });
    await expect(publish(aGrant({ integratorId: 'nobody' }))).rejects.toMatchObject(
      reason('integrator'),
    );
    const grant = aGrant({ practiceId: 'practice-2', siteIds: ['site-2'] });
    await publish(grant, 'two');
    const hijack = { ...grant, practiceId: 'practice-1', siteIds: ['site-1'], seq: 2 };
    await expect(publish(hijack)).rejects.toMatchObject(reason('practice'));
  });

  test("needs the agent's own receipt for this very document", async () => {
    const grant = aGrant();
    const { signed } = practice.published(grant);
    const { peer } = practice.agents.one;
    for (const receipt of [
      practice.published(grant, 'two').receipt,
      practice.published(aGrant()).receipt,
      practice.published({ ...grant, revoked: true }).receipt,
    ])
      await expect(practice.grants.execute(peer, { signed, receipt })).rejects.toMatchObject(
        reason('receipt'),
      );
  });

  test('is not stored when that cannot be written down', async () => {
    const grant = aGrant();
    practice.audit.refuses = true;
    await expect(publish(grant)).rejects.toThrow('planned');
    practice.audit.refuses = false;
    const { grants } = await practice.grants.list(practice.agents.one.peer);
    expect(JSON.stringify(grants)).not.toContain(grant.grantId);
  });

  test('is refused when the integrator never asked the practice with a pairing code', async () => {
    await practice.store.kysely
      .insertInto('integrators')
      .values({ integrator_id: 'uninvited', name: 'Zz', purposes: '[]', countries: '[]' })
      .execute();
    const grant = aGrant({ integratorId: 'uninvited' });
    await expect(publish(grant)).rejects.toMatchObject(reason('not-asked'));
    await practice.book.reread();
    expect(practice.book.pairedSites('uninvited')).toEqual([]);
    await practice.asked('site-1', 'uninvited');
    await expect(publish(grant)).resolves.toEqual(grant);
  });

  test('leaves a bounded number of documents, the newest', async () => {
    const grant = aGrant();
    const { documentsOfGrant } = storedGrantBounds;
    for (let seq = 1; seq <= documentsOfGrant + 3; seq++) await publish({ ...grant, seq });
    const rows = await practice.store.kysely
      .selectFrom('grants')
      .select('seq')
      .where('grant_id', '=', grant.grantId)
      .orderBy('seq')
      .execute();
    expect(rows.map(({ seq }) => seq)).toEqual(
      Array.from({ length: documentsOfGrant }, (_, index) => index + 4),
    );
  });

  test('is refused when the integrator has had too many at the site', async () => {
    const grant = aGrant({ practiceId: 'practice-2', siteIds: ['site-2'] });
    await publish(grant, 'two');
    await sql`
      insert into grants (grant_id, seq, site_id, integrator_id, state, signed, expires_at)
      select 'old-' || n, 1, site_id, integrator_id, 'revoked', signed, expires_at
      from grants, generate_series(1, ${storedGrantBounds.grantsOfPair}::int) as n
      where grant_id = ${grant.grantId}`.execute(practice.store.kysely);
    const more = { ...aGrant(), practiceId: 'practice-2', siteIds: ['site-2'] };
    await expect(publish(more, 'two')).rejects.toMatchObject(reason('too-many'));
  });
});
