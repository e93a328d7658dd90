import { describe, expect, test } from '@jest/globals';
import { parseBatch } from '../engine/syntax/statement-grammar.js';
import { clinicProcedures } from './fill-clinic.js';
import { fillEdgeValues } from './edge-values.js';
import { createIndexes, createTable } from './schema.sql.js';
import { clinicTables } from './tables.js';
import { createUsers, grantRights } from './logins.sql.js';

describe('the clinic in T-SQL', () => {
  const statements = [
    ...clinicTables.map(createTable),
    ...clinicTables.flatMap(createIndexes),
    ...fillEdgeValues,
    ...clinicProcedures.map((procedure) => procedure.trim()),
  ];

  test.each(
    statements.map((statement) => [statement.slice(0, 60).replaceAll('\n', ' '), statement]),
  )('parses as one statement: %s', (_start, statement) => {
    expect(parseBatch(statement)).toHaveLength(1);
  });

  test('secrets are denied to both integrators logins', () => {
    const rights = grantRights('Patients');
    for (const login of ['conduit_read', 'conduit_write']) {
      expect(rights).toContain(
        `DENY SELECT, UPDATE ON dbo.SystemUser (PASSWORD, PKIKEY) TO [${login}];`,
      );
      expect(rights).toContain(
        `DENY SELECT, INSERT, UPDATE, DELETE ON dbo.KeyStore TO [${login}];`,
      );
    }
    expect([...rights, ...createUsers()].join()).not.toMatch(/conduit_none|conduit_kill/);
  });
});
