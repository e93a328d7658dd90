import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { journalScript, usualJournal } from '#libs/tsql/write-journal.js';

describe('the script of the write journal', () => {
  test('is the one in deploy/sql: agent journal-script prints it', () => {
    expect(readFileSync('deploy/sql/write-journal.sql', 'utf8')).toBe(journalScript(usualJournal));
  });

  test('makes a schema where it is asked for one, and quotes every name', () => {
    const script = journalScript({
      database: "O'Brien]",
      schema: 'conduit',
      table: 'Writes',
      writeLogin: 'CLINIC\\svc$',
    });
    expect(script).toContain("IF DB_ID(N'O''Brien]') IS NULL CREATE DATABASE [O'Brien]]];");
    expect(script).toContain("EXEC (N'CREATE SCHEMA [conduit]')");
    expect(script).toContain('ON [conduit].[Writes] TO [CLINIC\\svc$];');
  });
});
