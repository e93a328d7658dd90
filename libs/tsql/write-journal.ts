/**
 * The table of the write journal and the script that makes its place on a practice's SQL Server (2016
 * and later): a database of its own, so that no grant's catalogue reaches it, open to the write login
 * alone. Hashes and ciphertext are all that it ever holds.
 */

export interface JournalScriptChoices {
  database: string;
  schema: string;
  table: string;
  /** Login that writes; others see nothing of the database. */
  writeLogin: string;
}

export const usualJournal: JournalScriptChoices = {
  database: 'ConduitJournal',
  schema: 'dbo',
  table: 'WriteJournal',
  writeLogin: 'conduit_write',
};

const bracket = (name: string): string => `[${name.replaceAll(']', ']]')}]`;
const text = (name: string): string => `N'${name.replaceAll("'", "''")}'`;

/**
 * `CREATE TABLE` and its index. State: 0 received, 1 running, 2 applied, 3 withdrawn; see
 * docs/decisions/0025-exactly-once-writes.md.
 */
export function createJournalTable({
  schema,
  table,
}: Pick<JournalScriptChoices, 'schema' | 'table'>): string[] {
  const name = `${bracket(schema)}.${bracket(table)}`;
  return [
    `CREATE TABLE ${name} (
  [KeyHash] binary(32) NOT NULL,
  [RequestHash] binary(32) NOT NULL,
  [State] tinyint NOT NULL,
  [ReceivedAt] datetime2(3) NOT NULL,
  [EndedAt] datetime2(3) NULL,
  [Outcome] varbinary(max) NULL,
  CONSTRAINT ${bracket(`PK_${table}`)} PRIMARY KEY ([KeyHash])
);`,
    `CREATE INDEX ${bracket(`IX_${table}_ReceivedAt`)} ON ${name} ([ReceivedAt]);`,
  ];
}

const TABLE_RIGHTS = 'SELECT, INSERT, UPDATE, DELETE';

/** What the write login needs in the journal's database, and nothing more. */
export function journalRights({ schema, table, writeLogin }: JournalScriptChoices): string[] {
  const user = bracket(writeLogin);
  return [
    `IF USER_ID(${text(writeLogin)}) IS NULL CREATE USER ${user} FOR LOGIN ${user};`,
    `GRANT ${TABLE_RIGHTS} ON ${bracket(schema)}.${bracket(table)} TO ${user};`,
  ];
}

/** The whole script, to be run once by somebody who may create databases; again is harmless. */
export function journalScript(choices: JournalScriptChoices): string {
  const { database, schema, table } = choices;
  const [create = '', index = ''] = createJournalTable(choices);
  const makeSchema =
    schema.toLowerCase() === 'dbo'
      ? []
      : [
          `IF SCHEMA_ID(${text(schema)}) IS NULL EXEC (${text(`CREATE SCHEMA ${bracket(schema)}`)});`,
          'GO',
        ];
  return [
    "-- Makes the write journal of Conduit's agent: which writes were applied, as hashes, and what",
    '-- they answered, as ciphertext that only the agent on this server opens. No patient data.',
    '-- Run it once as a member of sysadmin or dbcreator; running it again changes nothing.',
    `IF DB_ID(${text(database)}) IS NULL CREATE DATABASE ${bracket(database)};`,
    'GO',
    `USE ${bracket(database)};`,
    'GO',
    ...makeSchema,
    `IF OBJECT_ID(${text(`${bracket(schema)}.${bracket(table)}`)}) IS NULL`,
    'BEGIN',
    create,
    index,
    'END;',
    'GO',
    ...journalRights(choices),
    'GO',
    '',
  ].join('\n');
}
