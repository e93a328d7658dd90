/** A practice with an agent of its own, on disk in a folder of its own, for tests of permission. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AuditRecord } from '#libs/audit/audit-record.js';
import { aGrant, aMomentInForce } from '#libs/grants/grant.fixture.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { keyThumbprint } from '#libs/grants/key-thumbprint.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { checkReadOnly } from '#libs/tsql/read-only.js';
import { ApproverStore, type LocalApprover } from '#apps/agent/src/grants/approver-store.js';
import type { QueryToAuthorise } from '#apps/agent/src/grants/grant-gate.port.js';
import { GrantStore, type RefusedGrant } from '#apps/agent/src/grants/grant-store.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import { PracticePauses } from '#apps/agent/src/grants/practice-pauses.js';
import { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import { SignedGrantGate } from '#apps/agent/src/grants/signed-grant-gate.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { rawPublicKey } from '#libs/pki/keys.js';

/** Keeps records in memory; can be told to refuse security acts. */
class MemoryJournal extends Journal {
  readonly records: Omit<AuditRecord, 'ts'>[] = [];
  refuses = false;

  override note(record: Omit<AuditRecord, 'ts'>): void {
    this.records.push(record);
  }

  override async record(record: Omit<AuditRecord, 'ts'>): Promise<void> {
    if (this.refuses) throw new Error('disk full');
    this.records.push(record);
  }
}

class FakeIdentity extends OwnIdentity {
  private readonly keys = generateKeyPairSync('ed25519');
  readonly agentId = 'agent-1';
  readonly practiceId = 'practice-1';
  siteIds = ['site-1'];
  readonly publicKey = rawPublicKey(this.keys.publicKey);

  sign(bytes: Uint8Array): Buffer {
    return sign(null, bytes, this.keys.privateKey);
  }
}

export class APractice {
  readonly own = new FakeIdentity();
  readonly clock = new FixedClock(aMomentInForce);
  readonly journal = new MemoryJournal();
  readonly refused: RefusedGrant[] = [];
  journalWritable = true;
  rules!: LocalRules;
  pauses!: PracticePauses;
  approvers!: ApproverStore;
  approver!: LocalApprover;
  store!: GrantStore;
  gate!: SignedGrantGate;

  private constructor(readonly stateFolder: string) {}

  static async open(): Promise<APractice> {
    const practice = new APractice(mkdtempSync(join(tmpdir(), 'agent-')));
    await practice.restart();
    return practice;
  }

  /** As a new process would: everything is read from disk again. */
  async restart(): Promise<void> {
    const { stateFolder, own, journal, clock } = this;
    this.rules = new LocalRules(stateFolder);
    this.pauses = await PracticePauses.open({ stateFolder, journal, clock });
    this.approvers = await ApproverStore.open(stateFolder);
    this.approver = await this.approvers.local();
    const { rules, approvers } = this;
    const onRefused = (refused: RefusedGrant): void => void this.refused.push(refused);
    this.store = await GrantStore.open({
      ...{ stateFolder, own, journal, clock, rules, approvers },
      onRefused,
    });
    this.gate = new SignedGrantGate({
      ...{ store: this.store, rules, pauses: this.pauses, clock, own, checkReadOnly, journal },
      // Each catalogue is a database of its own.
      databasesOf: (_siteId, catalogues) => catalogues.map((name) => `${name}DB`),
      journalWritable: () => this.journalWritable,
    });
  }

  close(): void {
    rmSync(this.stateFolder, { recursive: true, force: true });
  }

  /** A grant for this agent; not signed, not admitted. */
  grant(changes: Partial<Grant> = {}): Grant {
    return aGrant({ agentKeyThumbprints: [keyThumbprint(this.own.publicKey)], ...changes });
  }

  sign(grant: Grant): SignedGrant {
    return signGrant(grant, this.approver.approverId, this.approver.privateKey);
  }

  /** Signs and admits. */
  async permit(changes: Partial<Grant> = {}): Promise<Grant> {
    return this.store.admit(this.sign(this.grant(changes)), false);
  }
}

/** A plain read under the grant, as an honest broker would ask it. */
export function aQuery(grant: Grant, changes: Partial<QueryToAuthorise> = {}): QueryToAuthorise {
  return {
    siteId: 'site-1',
    integratorId: grant.integratorId,
    grantId: grant.grantId,
    grantSeq: grant.seq,
    catalogue: 'Patients',
    commandType: 'text',
    executionMode: 'reader',
    text: 'SELECT 1',
    ...changes,
  };
}
