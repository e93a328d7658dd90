/** The place that the clinic gives to the agent's write journal: a database that integrators never see. */
import { createJournalTable, usualJournal } from '#libs/tsql/write-journal.js';

export const journalCatalogue = usualJournal.database;

/** As the agent's settings name it. */
export const journalPlace = {
  database: usualJournal.database,
  schema: usualJournal.schema,
  table: usualJournal.table,
};

/** For the embedded engine, at each start: a state of an earlier version has none. */
export const makeJournal: readonly string[] = [
  `IF OBJECT_ID(N'${usualJournal.schema}.${usualJournal.table}') IS NULL
BEGIN
${createJournalTable(usualJournal).join('\n')}
END;`,
];
