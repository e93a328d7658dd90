import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { CreateInvitation } from '#apps/broker/src/people/create-invitation.js';
import type { InvitationMail } from '#apps/broker/src/people/invitation-mail.js';
import { maxOpenInvitations } from '#apps/broker/src/people/invitation-rules.js';
import { aConsoleOrigin, RememberedAudit } from '#apps/broker/src/people/people-room.fixture.js';
import { openDatabase, type OpenedDatabase } from '#libs/db/open-database.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { settle } from '#test/support/settle.js';

// The embedded store runs one transaction after the other: there nobody would have to wait.
const server = await startPostgres();
const onServer = server ? describe : describe.skip;

const place = { practiceId: 'one' };
const order = { place, role: 'practice-manager', invitedBy: 'person-1' } as const;
const clock = new FixedClock(Date.parse('2026-03-02T01:00:00Z'));

/** Calls back before what it records is kept. */
class SlowAudit extends RememberedAudit {
  before: (() => Promise<unknown>) | undefined;

  override async record(...said: Parameters<RememberedAudit['record']>): Promise<void> {
    const { before } = this;
    this.before = undefined;
    await before?.();
    await super.record(...said);
  }
}

onServer('an invitation', () => {
  let opened: OpenedDatabase;
  const audit = new SlowAudit();
  let invitations: CreateInvitation;

  beforeAll(async () => {
    opened = await openDatabase({ url: String(server?.url) });
    const { kysely } = opened;
    await kysely.insertInto('practices').values({ practice_id: 'one', name: 'Zz One' }).execute();
    await kysely.insertInto('practices').values({ practice_id: 'two', name: 'Zz Two' }).execute();
    const origin = new ConsoleOrigin(
      Object.assign(new BrokerConfig(), { consoleOrigin: aConsoleOrigin }),
    );
    const mail = { send: async () => false } as unknown as InvitationMail;
    invitations = new CreateInvitation(kysely, audit, clock, origin, mail);
    const open = Array.from({ length: maxOpenInvitations - 1 }, () => ({
      ...{ invitation_id: randomUUID(), secret_hash: randomBytes(32), role: order.role },
      ...{ practice_id: 'one', integrator_id: null, role_expires_at: null, email: null },
      ...{ invited_by: 'person-1', accepted_at: null, accepted_by: null },
      expires_at: new Date(clock.now() + 3_600_000),
    }));
    await kysely.insertInto('invitations').values(open).execute();
  });
  afterAll(async () => {
    await opened?.close();
    await server?.stop();
  });

  /** Whether it had to wait, once it has to or is over. */
  async function hasToWait(attempt: Promise<unknown>): Promise<boolean> {
    let isOver = false;
    void attempt.catch(() => undefined).then(() => (isOver = true));
    return settle('it waits or is over', 10_000, async () => {
      const waiting = await sql`select 1 from pg_locks where not granted`.execute(opened.kysely);
      if (waiting.rows.length > 0) return true;
      return isOver ? false : undefined;
    });
  }

  test('of one place waits for the one before it, and finds no room where that took the last', async () => {
    let second: Promise<unknown> | undefined;
    let elsewhere: unknown;
    audit.before = async () => {
      elsewhere = await invitations.execute({ ...order, place: { practiceId: 'two' } });
      second = invitations.execute(order);
      expect(await hasToWait(second)).toBe(true);
    };
    await invitations.execute(order);
    expect(elsewhere).toHaveProperty('link');
    await expect(second).rejects.toEqual(expect.objectContaining({ code: 'INVITATION_LIMIT' }));
  });
});
