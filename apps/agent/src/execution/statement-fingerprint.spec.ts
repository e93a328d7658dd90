import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { StatementFingerprint } from '#apps/agent/src/execution/statement-fingerprint.js';

const withKey = (byte: number): StatementFingerprint =>
  new StatementFingerprint(Buffer.alloc(32, byte));

describe('the fingerprint of a statement', () => {
  test('is the same for the same statement whatever its literals, case, comments and spaces', () => {
    const prints = withKey(1);
    const one = prints.of("SELECT a FROM t WHERE name = 'Zz' AND id = 1");
    expect(prints.of("select a  from T -- x\nwhere NAME = 'Other' and ID = 22")).toBe(one);
    expect(prints.of("SELECT b FROM t WHERE name = 'Zz' AND id = 1")).not.toBe(one);
  });

  test('differs between practices', () => {
    expect(withKey(1).of('SELECT 1')).not.toBe(withKey(2).of('SELECT 1'));
  });

  test('is stable over restarts, under a key that only the agent can read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'conduit-fingerprint-'));
    const first = StatementFingerprint.fromFolder(folder).of('SELECT 1');
    expect(StatementFingerprint.fromFolder(folder).of('SELECT 1')).toBe(first);
    expect(statSync(join(folder, 'fingerprint.key')).mode & 0o777).toBe(0o600);
    rmSync(folder, { recursive: true });
  });
});
