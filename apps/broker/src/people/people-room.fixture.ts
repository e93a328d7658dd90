/** The rooms of people with a store in memory and a clock that stands still, for tests. */
import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { Ceremonies } from '#apps/broker/src/people/ceremonies.js';
import { PasskeyBook } from '#apps/broker/src/people/passkey-book.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import { SoftAuthenticator } from '#apps/broker/src/people/soft-authenticator.fixture.js';
import { StepUpRecord } from '#apps/broker/src/people/step-up-record.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { PersonRole } from '#libs/console-api/session.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import type { Database } from '#libs/db/schema.js';
import { FixedClock } from '#libs/kernel/clock.js';
import type { Secret } from '#libs/kernel/secret.js';

/** Remembers; of what was in a transaction that was rolled back too. */
export class RememberedAudit extends AuditTrail {
  readonly records: Omit<AuditRecord, 'ts'>[] = [];

  override note(record: Omit<AuditRecord, 'ts'>): void {
    this.records.push(record);
  }

  override async record(
    record: Omit<AuditRecord, 'ts'>,
    _within?: Transaction<Database>,
  ): Promise<void> {
    this.records.push(record);
  }
}

export const aConsoleOrigin = 'https://console.example.org';

export class PeopleRoom {
  readonly clock = new FixedClock(Date.parse('2026-03-02T01:00:00Z'));
  readonly audit = new RememberedAudit();
  readonly config = Object.assign(new BrokerConfig(), { consoleOrigin: aConsoleOrigin });
  readonly origin = new ConsoleOrigin(this.config);
  readonly rules = new PasskeyRules(this.origin);
  readonly sessions: SessionBook;
  readonly ceremonies: Ceremonies;
  readonly passkeys: PasskeyBook;
  readonly stepUps: StepUps;

  private constructor(readonly store: OpenedDatabase) {
    const { kysely } = store;
    const { clock, audit, rules } = this;
    this.sessions = new SessionBook(kysely, clock);
    this.ceremonies = new Ceremonies(kysely, clock);
    this.passkeys = new PasskeyBook(kysely, rules, clock);
    const record = new StepUpRecord(audit, clock);
    this.stepUps = new StepUps(kysely, this.passkeys, rules, this.sessions, record);
  }

  /** With practices `practice-1` and `practice-2`, and integrators named alike. */
  static async open(): Promise<PeopleRoom> {
    const room = new PeopleRoom(await openMemoryStore());
    for (const n of [1, 2]) {
      await room.store.kysely
        .insertInto('practices')
        .values({ practice_id: `practice-${n}`, name: `Zz Practice ${n}` })
        .execute();
      await room.store.kysely
        .insertInto('integrators')
        .values({
          integrator_id: `integrator-${n}`,
          name: `Zz Software ${n}`,
          purposes: JSON.stringify(['PATADMIN']),
          countries: JSON.stringify(['AU']),
        })
        .execute();
    }
    return room;
  }

  close(): Promise<void> {
    return this.store.close();
  }

  async aPerson(
    role?: PersonRole,
    place: { practiceId?: string; integratorId?: string; expiresAt?: Date } = {},
  ): Promise<string> {
    const personId = randomUUID();
    const now = new Date(this.clock.now());
    await this.store.kysely
      .insertInto('people')
      .values({ person_id: personId, name: 'Zz Alex Example', email: null, updated_at: now })
      .execute();
    if (role) await this.give(personId, role, place);
    return personId;
  }

  async give(
    personId: string,
    role: PersonRole,
    place: { practiceId?: string; integratorId?: string; expiresAt?: Date } = {},
  ): Promise<void> {
    await this.store.kysely
      .insertInto('person_roles')
      .values({
        person_role_id: randomUUID(),
        person_id: personId,
        role,
        practice_id: place.practiceId ?? null,
        integrator_id: place.integratorId ?? null,
        expires_at: place.expiresAt ?? null,
        invited_by: 'operator',
      })
      .execute();
  }

  /** An authenticator that holds a passkey of the person. */
  async aPasskey(personId: string, authenticator = new SoftAuthenticator(aConsoleOrigin)) {
    const { challenge } = await this.ceremonies.begin({ kind: 'passkey', personId });
    const options = await this.rules.creationOptions(challenge, personId, 'Zz Alex', []);
    const passkey = await this.rules.verifyNew(authenticator.create(options), challenge);
    await this.store.kysely
      .transaction()
      .execute((within) => this.passkeys.add(within, personId, 'Zz laptop', passkey));
    return authenticator;
  }

  signIn(personId: string): Promise<Secret> {
    return this.store.kysely
      .transaction()
      .execute((within) => this.sessions.start(within, personId, 'passkey'));
  }

  async signedIn(personId: string): Promise<SignedInPerson> {
    const person = await this.sessions.find(await this.signIn(personId));
    if (!person) throw new Error('the session did not start');
    return person;
  }
}
