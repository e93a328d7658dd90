/**
 * Incidents as their readers see them. Everything is read as one reader: the database itself shows a practice its
 * own, and of the operator's its own part.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { IncidentNames } from '#apps/broker/src/incidents/incident-names.js';
import {
  readerOf,
  type IncidentAt,
  type IncidentPlace,
} from '#apps/broker/src/incidents/incident-place.js';
import type { IncidentRow } from '#apps/broker/src/incidents/incident-register.js';
import { daysLeft } from '#apps/broker/src/privacy-desk/privacy-clock.js';
import type {
  BreachStatement,
  Decision,
  EvidencePack,
  Freeze,
  Incident,
  Incidents,
  IncidentSummary,
  Letter,
  PackContent,
  PackSummary,
  TimelineEntry,
} from '#libs/console-api/incidents.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { gapsIn } from '#libs/incidents/incident-facts.js';
import { scopeOfPractice } from '#libs/incidents/pack-content.js';
import { Clock } from '#libs/kernel/clock.js';

const MOST_CLOSED = 100;
/** In which a pack is gathered, or its node is gone. */
export const PACK_UNDER_WAY_MS = 30 * 60_000;

type Frozen = IncidentRow & { frozen: string };
type Within = Transaction<Database>;
type NameOf = (personId: string | null) => { byName?: string };

@Injectable()
export class ShowIncident {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly names: IncidentNames,
    private readonly clock: Clock,
  ) {}

  list(place: IncidentPlace): Promise<Incidents> {
    return readAudit(this.database, readerOf(place), async (within) => {
      const open = await rows(within)
        .where('closed_at', 'is', null)
        .orderBy('due_on')
        .orderBy('opened_at')
        .execute();
      const closed = await rows(within)
        .where('closed_at', 'is not', null)
        .orderBy('closed_at', 'desc')
        .limit(MOST_CLOSED)
        .execute();
      const shown = (row: Frozen): IncidentSummary => this.summary(row);
      return { open: open.map(shown), closed: closed.map(shown) };
    });
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async one(at: IncidentAt): Promise<Incident> {
    const { incidentId, practiceId } = at;
    const found = await readAudit(this.database, readerOf(at), async (within) => {
      const row = await rows(within).where('incident_id', '=', incidentId).executeTakeFirst();
      return (
        row && { row, ...(await all(within, incidentId)), ...(await packs(within, incidentId)) }
      );
    });
    if (!found) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const { row, steps, freezes, decisions, statements, letters } = found;
    const mayChange = row.practice_id === (practiceId ?? null);
    const scope =
      mayChange || practiceId === undefined ? row.scope : scopeOfPractice(row.scope, practiceId);
    const names = await this.names.of(at, { scope, freezes, drillSeed: row.drill_seed });
    const people = await this.names.people(at, found);
    const by: NameOf = (personId) => {
      const byName = personId === null ? undefined : people.get(personId);
      return byName === undefined ? {} : { byName };
    };
    return {
      ...this.summary(row),
      noticed: row.noticed,
      ...openedBy(by(row.opened_by).byName),
      // What it was opened from may be another practice's server.
      ...(mayChange && row.source && { source: row.source }),
      ...{ scope, mayChange, names },
      freezes: freezes.map((one) => freezeOf(one, by, at.personId)),
      packs: [...found.packs.map((one) => this.packOf(one)), ...found.shares.map(shareOf)],
      decisions: decisions.map((one) => decisionOf(one, by)),
      statements: statements.map((one) => statementOf(one, by)),
      letters: letters.map((one) => letterOf(one, by)),
      timeline: steps.map((one): TimelineEntry => ({
        ...{ at: one.at.toISOString(), kind: one.kind, ...by(one.person_id) },
        ...(one.word !== null && { word: one.word }),
        ...(one.note !== null && { note: one.note }),
      })),
    };
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async pack(at: IncidentAt, packId: string): Promise<EvidencePack> {
    const found = await readAudit(this.database, readerOf(at), async (within) => {
      const own = await packRows(within, at.incidentId)
        .select('content')
        .where('incident_packs.pack_id', '=', packId)
        .executeTakeFirst();
      const share = await within
        .selectFrom('incident_pack_shares')
        .selectAll()
        .where('incident_id', '=', at.incidentId)
        .where('pack_id', '=', packId)
        .executeTakeFirst();
      const incident = await rows(within)
        .where('incident_id', '=', at.incidentId)
        .executeTakeFirst();
      return { own, share, drillSeed: incident?.drill_seed ?? null };
    });
    const { own, share, drillSeed } = found;
    const text = own?.content ?? share?.content ?? undefined;
    const summary = own
      ? this.packOf({ ...own, gathered: await this.gathered(packId) })
      : share && shareOf(share);
    if (!summary) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    if (text === undefined) return { ...summary, names: {} };
    const content = JSON.parse(text) as PackContent;
    return { ...summary, content, names: await this.names.of(at, { pack: content, drillSeed }) };
  }

  private summary(row: Frozen): IncidentSummary {
    return {
      incidentId: row.incident_id,
      title: row.title,
      drill: row.drill_seed !== null,
      ...(row.practice_id !== null && { practiceId: row.practice_id }),
      state: row.state,
      awareAt: row.aware_at.toISOString(),
      openedAt: row.opened_at.toISOString(),
      timeZone: row.time_zone,
      dueOn: row.due_on,
      ...(row.state === 'assessing' && {
        daysLeft: daysLeft(row.due_on, this.clock.now(), row.time_zone),
      }),
      myHealthRecord: row.my_health_record,
      frozen: Number(row.frozen),
      ...(row.closed_at && { closedAt: row.closed_at.toISOString() }),
    };
  }

  /** Of those under way; the others have none any more. */
  private async gathered(packId: string): Promise<number> {
    const { count } = await this.database
      .selectFrom('incident_pack_parts')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('pack_id', '=', packId)
      .where('evidence', 'is not', null)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  private packOf(row: PackRow & { gathered?: number }): PackSummary {
    const isOver = row.asked_at.getTime() < this.clock.now() - PACK_UNDER_WAY_MS;
    const isReady = row.ready_at !== null;
    const state = isReady ? 'ready' : row.failed || isOver ? 'failed' : 'making';
    return {
      ...{ packId: row.pack_id, askedAt: row.asked_at.toISOString(), state },
      ...{ gathered: isReady ? row.agents : (row.gathered ?? 0), agents: row.agents },
      ...(row.hash !== null && { hash: row.hash }),
      ...(row.queries !== null && { queries: Number(row.queries) }),
    };
  }
}

const rows = (within: Within) =>
  within
    .selectFrom('incidents')
    .selectAll()
    .select(
      sql<string>`(select count(*) from incident_freezes
        where incident_freezes.incident_id = incidents.incident_id and thawed_at is null)`.as(
        'frozen',
      ),
    );

const packRows = (within: Within, incidentId: string) =>
  within
    .selectFrom('incident_packs')
    .select(['pack_id', 'asked_at', 'asked_by', 'agents', 'ready_at', 'failed', 'queries', 'hash'])
    .where('incident_id', '=', incidentId);
type PackRow = Awaited<ReturnType<ReturnType<typeof packRows>['execute']>>[number];

async function packs(within: Within, incidentId: string) {
  return {
    packs: await packRows(within, incidentId).orderBy('asked_at', 'desc').execute(),
    shares: await within
      .selectFrom('incident_pack_shares')
      .select(['pack_id', 'made_at', 'agents', 'queries', 'hash'])
      .where('incident_id', '=', incidentId)
      .orderBy('made_at', 'desc')
      .execute(),
  };
}

async function all(within: Within, incidentId: string) {
  const own = ['incident_id', '=', incidentId] as const;
  return {
    steps: await within
      .selectFrom('incident_steps')
      .selectAll()
      .where(...own)
      .orderBy('incident_step_id')
      .execute(),
    freezes: await within
      .selectFrom('incident_freezes')
      .selectAll()
      .where(...own)
      .orderBy('frozen_at')
      .execute(),
    decisions: await within
      .selectFrom('incident_decisions')
      .selectAll()
      .where(...own)
      .orderBy('at', 'desc')
      .execute(),
    statements: await within
      .selectFrom('incident_statements')
      .selectAll()
      .where(...own)
      .orderBy('version', 'desc')
      .execute(),
    letters: await within
      .selectFrom('incident_letters')
      .selectAll()
      .where(...own)
      .orderBy('recipient')
      .orderBy('recipient_name')
      .execute(),
  };
}
type Found = Awaited<ReturnType<typeof all>>;

const openedBy = (name: string | undefined) => (name === undefined ? {} : { openedByName: name });

function freezeOf(row: Found['freezes'][number], by: NameOf, personId: string): Freeze {
  const asked = by(row.thaw_asked_by).byName;
  const thawed = by(row.thawed_by).byName;
  return {
    ...{ freezeId: row.freeze_id, kind: row.kind, targetId: row.target_id },
    ...(row.practice_id !== null && { practiceId: row.practice_id }),
    ...{ frozenAt: row.frozen_at.toISOString(), ...by(row.frozen_by) },
    ...(row.thaw_asked_at && { thawAskedAt: row.thaw_asked_at.toISOString() }),
    ...(asked !== undefined && { thawAskedByName: asked }),
    ...(row.thaw_asked_by !== null && { thawIsOwn: row.thaw_asked_by === personId }),
    ...(row.thawed_at && { thawedAt: row.thawed_at.toISOString() }),
    ...(thawed !== undefined && { thawedByName: thawed }),
  };
}

const decisionOf = (row: Found['decisions'][number], by: NameOf): Decision => ({
  ...{ decisionId: row.decision_id, at: row.at.toISOString(), ...by(row.person_id) },
  ...{ outcome: row.outcome, grounds: row.grounds, weighed: row.weighed, reasons: row.reasons },
  ...(row.pack_hash !== null && { packHash: row.pack_hash }),
  myHealthRecord: row.my_health_record,
});

const statementOf = (row: Found['statements'][number], by: NameOf): BreachStatement => ({
  ...{ version: row.version, at: row.at.toISOString(), ...by(row.person_id), parts: row.parts },
  gaps: gapsIn(Object.values(row.parts).join('\n')),
});

function letterOf(row: Found['letters'][number], by: NameOf): Letter {
  const sentBy = by(row.sent_by ?? null).byName;
  return {
    ...{ letterId: row.letter_id, recipient: row.recipient },
    ...(row.recipient_id !== '' && { recipientId: row.recipient_id }),
    ...{ recipientName: row.recipient_name, subject: row.subject, text: row.text },
    ...{ gaps: gapsIn(`${row.subject}\n${row.text}`), isEdited: row.is_edited },
    ...(row.sent_on !== null && { sentOn: row.sent_on }),
    ...(row.sent_how !== null && { sentHow: row.sent_how }),
    ...(sentBy !== undefined && { sentByName: sentBy }),
  };
}

interface ShareRow {
  pack_id: string;
  made_at: Date;
  agents: number;
  queries: string;
  hash: string;
}
const shareOf = ({ pack_id: packId, made_at, agents, queries, hash }: ShareRow): PackSummary => ({
  ...{ packId, askedAt: made_at.toISOString(), state: 'ready', hash },
  ...{ gathered: agents, agents, queries: Number(queries) },
});
