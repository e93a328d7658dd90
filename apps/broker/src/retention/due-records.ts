/**
 * Where the records of each kind are, from which moment their days are counted, whose they are, and how they
 * go. SQL only; what is due, held and planned is decided by those who ask.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { RetentionKind } from '#libs/console-api/retention.js';
import { LEAF_OF_RECORD } from '#libs/db/audit-log-tables.js';
import type { Database } from '#libs/db/schema.js';

export interface RecordSource {
  /** A select with key (text), at, practice_id, integrator_id and site_id, of all records that can go at all. */
  rows: RawBuilder<unknown>;
  destroy(within: Transaction<Database>, keys: readonly string[]): Promise<unknown>;
}

const NONE = sql.raw('null::text');

/** SQL: deletes the rows of a table whose key is among these. */
const byKey =
  (table: string, key: string, type = 'text'): RecordSource['destroy'] =>
  (within, keys) =>
    sql`delete from ${sql.table(table)}
      where ${sql.ref(key)} = any(${[...keys]}::${sql.raw(type)}[])`.execute(within);

/** Records that have no leaf yet can't go: nothing would be left of them. */
const auditRecords: RecordSource = {
  rows: sql`select r.seq::text as key, r.recorded_at as at, r.practice_id, r.integrator_id,
      substring(r.record from '"site":"([A-Za-z0-9_.:-]{1,128})"') as site_id
    from audit_records r left join audit_leaves l using (seq)
    where ${sql.raw(LEAF_OF_RECORD)} is not null`,
  destroy: byKey('audit_records', 'seq', 'bigint'),
};

/** A person without a role anywhere; of several places the first stands for the tenant. */
const people: RecordSource = {
  rows: sql`select p.person_id as key, p.updated_at as at, place.practice_id, place.integrator_id,
      ${NONE} as site_id
    from people p left join lateral (
      select practice_id, integrator_id from person_places
      where person_places.person_id = p.person_id
      order by practice_id nulls last, integrator_id nulls last limit 1
    ) place on true
    where not exists (select from person_roles where person_roles.person_id = p.person_id)`,
  destroy: async (within, keys) => {
    await byKey('invitations', 'accepted_by')(within, keys);
    await byKey('people', 'person_id')(within, keys);
  },
};

const CONTACT = sql.raw(`'{contactName,contactEmail,contactPhone}'::text[]`);
const declaredContacts: RecordSource = {
  rows: sql`select d.declaration_id::text as key, d.superseded_at as at, ${NONE} as practice_id,
      d.integrator_id, ${NONE} as site_id
    from (
      select *, lead(declared_at) over (partition by integrator_id order by declaration_id)
        as superseded_at
      from integrator_declarations
    ) d
    where d.superseded_at is not null and d.declaration - ${CONTACT} <> d.declaration`,
  destroy: (within, keys) =>
    sql`update integrator_declarations set declaration = declaration - ${CONTACT}
      where declaration_id = any(${[...keys]}::bigint[])`.execute(within),
};

const privacyRequests: RecordSource = {
  rows: sql`select privacy_request_id as key, ended_at as at, practice_id, integrator_id,
      ${NONE} as site_id
    from privacy_requests where ended_at is not null`,
  destroy: byKey('privacy_requests', 'privacy_request_id'),
};

const accessRequests: RecordSource = {
  rows: sql`select a.access_request_id as key, a.decided_at as at, s.practice_id, a.integrator_id,
      a.site_id
    from access_requests a join sites s using (site_id) where a.state = 'declined'`,
  destroy: byKey('access_requests', 'access_request_id'),
};

/** With incidents, which go with the comparison that found them, or without. */
const reconciliations = (differ: '>' | '='): RecordSource => ({
  rows: sql`select reconciliation_id as key, asked_at as at, practice_id, ${NONE} as integrator_id,
      ${NONE} as site_id
    from reconciliations where mismatched ${sql.raw(differ)} 0 and ended_at is not null`,
  destroy: byKey('reconciliations', 'reconciliation_id'),
});

const USAGE_KEY = sql`json_build_array(u.integrator_id, u.day, u.site_id, u.kind, u.access, u.outcome)::text`;
const usageCounts: RecordSource = {
  rows: sql`select ${USAGE_KEY} as key, (u.day || 'T00:00:00Z')::timestamptz as at, s.practice_id,
      u.integrator_id, u.site_id
    from usage_counts u left join sites s on s.site_id = u.site_id`,
  destroy: (within, keys) =>
    sql`delete from usage_counts
      where (integrator_id, day, site_id, kind, access, outcome) in (
        select k ->> 0, k ->> 1, k ->> 2, k ->> 3, k ->> 4, k ->> 5
        from (select key::json as k from unnest(${[...keys]}::text[]) as given (key)) as keys
      )`.execute(within),
};

/** What is pending ends by being tried. */
const webhookDeliveries: RecordSource = {
  rows: sql`select d.delivery_id as key, d.created_at as at, s.practice_id, e.integrator_id, d.site_id
    from webhook_deliveries d join webhook_endpoints e using (webhook_id)
    left join sites s on s.site_id = d.site_id where d.state <> 'pending'`,
  destroy: byKey('webhook_deliveries', 'delivery_id'),
};

const fleetTables = [
  ['e:', 'agent_events', 'event_id', 'at', 'true'],
  ['a:', 'alerts', 'alert_id', 'closed_at', 't.closed_at is not null'],
  ['q:', 'act_requests', 'request_id', 'asked_at', 'true'],
  ['d:', 'agent_diagnoses', 'diagnosis_id', 'asked_at', 'true'],
] as const;
const serverTimeline: RecordSource = {
  rows: sql.join(
    fleetTables.map(([prefix, table, key, at, isOver]) =>
      sql.raw(`select '${prefix}' || t.${key}::text as key, t.${at} as at, a.practice_id,
        null::text as integrator_id, null::text as site_id
        from ${table} t join agents a using (agent_id) where ${isOver}`),
    ),
    sql` union all `,
  ),
  destroy: async (within, keys) => {
    for (const [prefix, table, key] of fleetTables) {
      const own = keys.filter((one) => one.startsWith(prefix)).map((one) => one.slice(2));
      if (own.length > 0)
        await byKey(table, key, key === 'event_id' ? 'bigint' : 'text')(within, own);
    }
  },
};

export const recordSources: Readonly<Record<RetentionKind, RecordSource>> = {
  'audit-record': auditRecords,
  'person-name': people,
  'contact-name': declaredContacts,
  'privacy-request': privacyRequests,
  'access-request': accessRequests,
  'records-differ': reconciliations('>'),
  reconciliation: reconciliations('='),
  'usage-count': usageCounts,
  'webhook-delivery': webhookDeliveries,
  'server-timeline': serverTimeline,
};
