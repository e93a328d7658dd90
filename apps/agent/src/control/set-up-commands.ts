/** Commands that help to set a practice's database server up. They read nothing and change nothing. */
import { journalScript, usualJournal } from '#libs/tsql/write-journal.js';
import { usageProblem, type Command } from '#apps/agent/src/control/command-line.js';

/** As the agent's settings take them. */
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_@#$ -]{0,127}$/u;
const LOGIN = /^[^\p{C}]{1,128}$/u;

const journalScriptCommand: Command = {
  summary: 'print the T-SQL that makes the write journal on the database server',
  withoutState: true,
  options: {
    database: `NAME  its database; else ${usualJournal.database}`,
    schema: `NAME  its schema; else ${usualJournal.schema}`,
    table: `NAME  its table; else ${usualJournal.table}`,
    login: `NAME  the write login of the agent; else ${usualJournal.writeLogin}`,
  },
  run({ options }) {
    const { database, schema, table, writeLogin } = usualJournal;
    const place = {
      database: options['database'] ?? database,
      schema: options['schema'] ?? schema,
      table: options['table'] ?? table,
    };
    const login = options['login'] ?? writeLogin;
    for (const [option, name] of Object.entries(place))
      if (!IDENTIFIER.test(name)) throw usageProblem(`--${option} must be a plain name`);
    if (!LOGIN.test(login)) throw usageProblem('--login must be the name of a login');
    const script = journalScript({ ...place, writeLogin: login });
    return Promise.resolve({
      json: { script, settings: { journal: place } },
      lines: script.trimEnd().split('\n'),
    });
  },
};

export const setUpCommands = { 'journal-script': journalScriptCommand };
