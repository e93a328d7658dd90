/** Every kind of act as a FHIR R4 AuditEvent, held to HL7's own schema. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { fileText } from '#apps/broker/src/activity/activity-file.js';
import { activityWords } from '#apps/broker/src/activity/activity-words.js';
import { auditEvent } from '#apps/broker/src/activity/audit-event.js';
import type { Act } from '#apps/broker/src/activity/read-activity.js';
import { auditActions, type AuditRecord } from '#libs/audit/audit-record.js';
import { leafHash } from '#libs/audit/tree-hash.js';

const schema = new URL('../../../../test/fhir/r4-audit-event.schema.json', import.meta.url);
const isFhir = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync(schema, 'utf8')) as object,
);
const LOG = 'zz.example/audit';
const ts = '2026-03-04T05:06:07.089Z';

function anAct(record: AuditRecord, entry: Partial<Act['entry']> = {}): Act {
  return {
    entry: { seq: '1', at: record.ts, kind: 'records', words: activityWords(record, {}), ...entry },
    record,
    leafHash: leafHash(Buffer.from(JSON.stringify(record))),
    purposes: record.grantId === undefined ? [] : ['TREAT', 'HRESCH'],
  };
}

const everything: Omit<AuditRecord, 'ts' | 'type'> = {
  ...{
    practice: 'p',
    site: 's',
    agent: 'a',
    integrator: 'i',
    keyId: 'k',
    grantId: 'g',
    grantSeq: 3,
  },
  ...{
    requestId: 'r',
    queryId: 'q',
    lane: 'async',
    mode: 'nonQuery',
    statementRef: 'zz.Procedure',
  },
  ...{ fingerprint: 'f', purpose: 'TREAT', outcome: 'failed', errorCode: 'STATEMENT_FAILED' },
  ...{ reason: 'zz', count: 7, sqlErrno: 2627, durationBucket: '<=50', rowsBucket: '<=100' },
  ...{ bytesBucket: '<=1024', actorRef: 'person', personRef: 'other', role: 'practice-owner' },
};

describe.each(auditActions)('%s', (type) => {
  test.each([{}, everything])(
    'is an AuditEvent by HL7’s schema, with much or little known',
    (fields) => {
      const event = auditEvent(anAct({ ts, type, ...fields }, { who: 'Zz', siteName: 'Zz' }), LOG);
      expect(isFhir(event) ? [] : isFhir.errors).toEqual([]);
      const { agent, recorded } = event as { agent: { requestor: boolean }[]; recorded: string };
      expect(agent.filter(({ requestor }) => requestor)).toHaveLength(1);
      expect(recorded).toBe(ts);
    },
  );
});

test('a read query names who asked, for what, under which permission, and how it ended', () => {
  const record: AuditRecord = {
    ...{ ts, type: 'query.executed', integrator: 'i', agent: 'a', grantId: 'g', requestId: 'r' },
    ...{ mode: 'reader', outcome: 'successful', rowsBucket: '<=10' },
  };
  const event = auditEvent(anAct(record, { integratorName: 'Zz Two' }), LOG);
  expect(event).toMatchObject({
    id: leafHash(Buffer.from(JSON.stringify(record))).toString('hex'),
    type: { code: '110112' },
    action: 'E',
    outcome: '0',
    purposeOfEvent: [{ coding: [{ code: 'TREAT' }] }, { coding: [{ code: 'HRESCH' }] }],
    agent: [
      { type: { coding: [{ code: '110153' }] }, who: { display: 'Zz Two' }, requestor: true },
      { type: { coding: [{ code: '110152' }] }, requestor: false },
      { type: { coding: [{ code: '110150' }] }, requestor: false },
    ],
    entity: [
      { what: { identifier: { value: 'r' } }, type: { code: 'XrequestId' } },
      { detail: expect.arrayContaining([{ type: 'rows', valueString: '<=10' }]) },
      { what: { identifier: { value: 'g' } }, role: { code: '13' } },
    ],
  });
});

test.each([
  ['refused', '4'],
  ['lost', '8'],
  ['failed', '8'],
  ['successful', '0'],
] as const)('the outcome %s is %s', (outcome, code) => {
  const act = anAct({ ts, type: 'query.executed', outcome });
  expect(auditEvent(act, LOG)).toMatchObject({ outcome: code });
});

test('each line of a file is a resource, the last one too where there was no more room', async () => {
  async function* acts(): AsyncGenerator<Act[], boolean, void> {
    yield [anAct({ ts, type: 'access.paused', practice: 'p' })];
    return true;
  }
  let text = '';
  for await (const piece of fileText('fhir', acts(), LOG)) text += piece;
  const lines = text.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(isFhir(JSON.parse(line)) ? [] : isFhir.errors).toEqual([]);
});

test('the schema refuses what is no AuditEvent', () => {
  const event = auditEvent(anAct({ ts, type: 'access.paused' }), LOG);
  expect(isFhir({ ...event, patient: 'zz' })).toBe(false);
  expect(isFhir({ ...event, recorded: 'yesterday' })).toBe(false);
  expect(isFhir({ ...event, action: 'X' })).toBe(false);
});
