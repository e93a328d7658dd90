/** What the doctor tries with each login, and what to do when it succeeds. */
import type { JournalSettings } from '#apps/agent/src/agent.config.js';
import type { DoctorSession } from '#apps/agent/src/pms/doctor-session.js';
import { journalName } from '#apps/agent/src/pms/mssql/journal-sql.js';

export interface Try {
  check: string;
  /** Fills "The read login can …". */
  deed: string;
  sql: string;
  /** What must become of it; absent: refused. */
  must?: 'allowed';
  remedy: string;
}

/** Columns by these names hold secrets in every practice system seen so far. */
const SECRET_COLUMN =
  "COLUMN_NAME LIKE '%PASSWORD%' OR COLUMN_NAME LIKE '%PASSWD%' OR COLUMN_NAME LIKE '%PKIKEY%' OR COLUMN_NAME LIKE '%SECRET%' OR COLUMN_NAME LIKE '%PRIVATEKEY%'";
const MAX_SECRET_COLUMNS = 50;

const bracket = (name: string): string => `[${name.replaceAll(']', ']]')}]`;

const LEAST_RIGHTS =
  'Take the right away; the login needs only what the product documentation lists.';

/** Membership is asked, not tried: `1 / 0` refuses the answer "no". */
const membership = (check: string, question: string, deed: string): Try => ({
  check,
  deed,
  // Division by zero is the refusal: the statement succeeds only for a member.
  sql: `SELECT 1 / CASE WHEN ${question} = 1 THEN 1 ELSE 0 END`,
  remedy: 'Use a login of its own for Conduit, a member of no server role and not an owner.',
});

const forEveryone: Try[] = [
  membership('sysadmin', "IS_SRVROLEMEMBER('sysadmin')", 'do anything on this server (sysadmin)'),
  membership('dbOwner', "IS_MEMBER('db_owner')", 'do anything in this database (db_owner)'),
  {
    check: 'create',
    deed: 'create tables',
    sql: 'CREATE TABLE conduit_doctor_try (a int)',
    remedy: LEAST_RIGHTS,
  },
  {
    check: 'shell',
    deed: 'run commands on the server',
    sql: "EXEC master..xp_cmdshell 'rem'",
    remedy: 'Revoke EXECUTE on xp_cmdshell from the login, and switch xp_cmdshell off.',
  },
];

/** @param tier of the login that `session` is logged in with */
export async function triesFor(session: DoctorSession, tier: 'read' | 'write'): Promise<Try[]> {
  const writes = tier === 'read' ? await writeTries(session) : [];
  return [...forEveryone, ...writes, ...(await secretTries(session))];
}

async function writeTries(session: DoctorSession): Promise<Try[]> {
  const [target] = await session.names(
    `SELECT TOP 1 c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME
     FROM INFORMATION_SCHEMA.COLUMNS c
     JOIN INFORMATION_SCHEMA.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
     WHERE t.TABLE_TYPE = 'BASE TABLE' AND c.IS_NULLABLE = 'YES'
     ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION`,
  );
  if (target === undefined) return [];
  const [schema, table, column] = target.map(bracket) as [string, string, string];
  const name = `${schema}.${table}`;
  const remedy = LEAST_RIGHTS;
  return [
    {
      check: 'insert',
      deed: 'insert rows',
      sql: `INSERT INTO ${name} (${column}) SELECT NULL WHERE 1 = 0`,
      remedy,
    },
    {
      check: 'update',
      deed: 'change rows',
      sql: `UPDATE ${name} SET ${column} = NULL WHERE 1 = 0`,
      remedy,
    },
    { check: 'delete', deed: 'delete rows', sql: `DELETE FROM ${name} WHERE 1 = 0`, remedy },
  ];
}

async function secretTries(session: DoctorSession): Promise<Try[]> {
  const columns = await session.names(
    `SELECT TOP ${MAX_SECRET_COLUMNS} TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME
     FROM INFORMATION_SCHEMA.COLUMNS WHERE ${SECRET_COLUMN}
     ORDER BY TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME`,
  );
  return columns.map(([schema, table, column]) => ({
    check: `secret.${table}.${column}`,
    deed: `read ${table}.${column}`,
    sql: `SELECT ${bracket(column as string)} FROM ${bracket(schema as string)}.${bracket(table as string)} WHERE 1 = 0`,
    remedy: 'DENY SELECT on this column to the login.',
  }));
}

const ALL = ['select', 'insert', 'update', 'delete'] as const;

/** The write login works with the write journal; the read login does not even see it. */
export function journalTries(journal: JournalSettings, tier: 'read' | 'write'): Try[] {
  const table = journalName(journal);
  if (tier === 'read') {
    return [
      {
        check: 'journal.select',
        deed: 'read the write journal',
        sql: `SELECT State FROM ${table} WHERE 1 = 0`,
        remedy: 'Give the journal a database of its own, in which only the write login has a user.',
      },
    ];
  }
  const statements = {
    select: `SELECT State, RequestHash, ReceivedAt, EndedAt, Outcome FROM ${table} WITH (UPDLOCK, ROWLOCK) WHERE 1 = 0`,
    insert: `INSERT INTO ${table} (KeyHash, RequestHash, State, ReceivedAt) SELECT 0x00, 0x00, 0, SYSUTCDATETIME() WHERE 1 = 0`,
    update: `UPDATE ${table} SET State = 0, EndedAt = NULL, Outcome = NULL WHERE 1 = 0`,
    delete: `DELETE FROM ${table} WHERE 1 = 0`,
  };
  return ALL.map((right) => ({
    check: `journal.${right}`,
    deed: `${right} in the write journal`,
    sql: statements[right],
    must: 'allowed' as const,
    remedy: 'Run the script that `journal-script` prints, and check `journal` in agent.json.',
  }));
}
