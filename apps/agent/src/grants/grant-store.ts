/**
 * The grants that count on this server. One way in, `admit`, for what the broker carries, for what
 * is approved here and for what the file holds; whatever does not pass the examination is refused,
 * journalled and named. What was admitted is on disk before it counts.
 */
import type { Clock } from '#libs/kernel/clock.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { keyThumbprint } from '#libs/grants/key-thumbprint.js';
import { oneByOne } from '#libs/kernel/turns.js';
import type { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import { examineGrant, type Finding } from '#apps/agent/src/grants/examine-grant.js';
import {
  readGrantFile,
  writeGrantFile,
  type KeptGrant,
} from '#apps/agent/src/grants/grant-file.js';
import type { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import type { Journal } from '#apps/agent/src/journal/journal.port.js';

export interface HeldGrant {
  grant: Grant;
  signed: SignedGrant;
  /** The broker has said that it stored it. */
  acknowledged: boolean;
}

export interface RefusedGrant {
  code: ErrorCode;
  reason: string;
  grantId?: string;
}

export interface GrantStoreParts {
  stateFolder: string;
  own: OwnIdentity;
  approvers: ApproverStore;
  rules: LocalRules;
  journal: Journal;
  clock: Clock;
  /** Told of each refusal, for the log. */
  onRefused?: (refused: RefusedGrant) => void;
}

/**
 * What a document on disk may have come to lack without being any less the practice's word: it allows
 * nothing, but it is remembered, so that an older one of the same grant can't come back. The list of
 * sites, for one, is the broker's to change.
 */
const REMEMBERED = ['epoch-old', 'site', 'encryption-mode', 'integrator-keys'];

export class GrantStore {
  private readonly held = new Map<string, HeldGrant>();
  /** Entries of the file that did not pass: they count for nothing and stay there. */
  private readonly refusedOnDisk: KeptGrant[] = [];
  private readonly listeners: (() => void)[] = [];
  private epochSeen = 0;
  private readonly inTurn = oneByOne();

  private constructor(private readonly parts: GrantStoreParts) {}

  /** @throws ConduitError GRANT_STORE_DAMAGED when what is kept can't be read: then nothing is allowed */
  static async open(parts: GrantStoreParts): Promise<GrantStore> {
    const store = new GrantStore(parts);
    const kept = await readGrantFile(parts.stateFolder);
    store.epochSeen = kept.epoch;
    for (const { signed, acknowledged } of kept.entries) await store.restore(signed, acknowledged);
    return store;
  }

  /** The newest document of the grant, also when it ended; undefined when this server never saw one. */
  find(grantId: string): HeldGrant | undefined {
    return this.held.get(grantId);
  }

  all(): HeldGrant[] {
    return [...this.held.values()];
  }

  /** Documents of an older epoch are void. */
  get epoch(): number {
    return this.epochSeen;
  }

  /** Called back after each change. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Lets a document in when it passes; on disk when this resolves.
   * @param acknowledged whether the broker has it already
   * @throws ConduitError with the code and, as `reason`, the word for what was wrong
   */
  admit(candidate: unknown, acknowledged: boolean): Promise<Grant> {
    return this.inTurn(async () => {
      const finding = this.examine(candidate);
      if (finding.verdict === 'refused') throw await this.refuse(finding);
      const known = this.held.get(finding.grant.grantId);
      if (finding.verdict === 'known' && (known?.acknowledged || !acknowledged))
        return finding.grant;
      if (finding.verdict === 'new') await this.journalArrival(finding.grant);
      await this.keep({ grant: finding.grant, signed: finding.signed, acknowledged });
      return finding.grant;
    });
  }

  /** The broker has stored this document; a later one of the same grant is not meant. */
  acknowledge(grantId: string, seq: number): Promise<void> {
    return this.inTurn(async () => {
      const held = this.held.get(grantId);
      if (held && held.grant.seq === seq && !held.acknowledged)
        await this.keep({ ...held, acknowledged: true });
    });
  }

  private examine(candidate: unknown): Finding {
    const { own, approvers, rules, clock } = this.parts;
    const grantId = namedGrant(candidate);
    const known = grantId === undefined ? undefined : this.held.get(grantId);
    return examineGrant(candidate, {
      practiceId: own.practiceId,
      siteIds: own.siteIds,
      agentKeyThumbprint: keyThumbprint(own.publicKey),
      approvers: approvers.approvers,
      epoch: this.epochSeen,
      ceiling: rules.ceiling,
      ...(known ? { known: { grant: known.grant, document: known.signed.document } } : {}),
      nowMs: clock.now(),
    });
  }

  /** What the file holds was admitted once: the ceiling and the date of today are the gate's business. */
  private async restore(signed: SignedGrant, acknowledged: boolean): Promise<void> {
    const finding = this.examine(signed);
    const { grant } = finding;
    const isRemembered =
      finding.verdict !== 'refused' ||
      finding.code !== 'GRANT_INVALID' ||
      REMEMBERED.includes(finding.reason) ||
      // An end stays an end, also when its approver is one no more: it can only deny.
      (finding.reason === 'approver-unknown' && grant?.revoked === true);
    if (isRemembered && grant && this.isNewest(grant)) {
      this.held.set(grant.grantId, { grant, signed, acknowledged });
      return;
    }
    this.refusedOnDisk.push({ signed, acknowledged });
    if (finding.verdict === 'refused') await this.refuse(finding);
  }

  private isNewest({ grantId, seq }: Grant): boolean {
    const known = this.held.get(grantId)?.grant;
    return known === undefined || known.seq < seq;
  }

  private async keep(entry: HeldGrant): Promise<void> {
    const epoch = Math.max(this.epochSeen, entry.grant.epoch);
    const others = this.all().filter(({ grant }) => grant.grantId !== entry.grant.grantId);
    await writeGrantFile(this.parts.stateFolder, {
      epoch,
      entries: [...this.refusedOnDisk, ...others, entry].map(({ signed, acknowledged }) => ({
        signed,
        acknowledged,
      })),
    });
    this.epochSeen = epoch;
    this.held.set(entry.grant.grantId, entry);
    for (const listener of this.listeners) listener();
  }

  private async journalArrival(grant: Grant): Promise<void> {
    const { journal, own } = this.parts;
    const act = {
      type: grant.revoked ? 'grant.revoked' : 'grant.approved',
      practice: grant.practiceId,
      agent: own.agentId,
      integrator: grant.integratorId,
      grantId: grant.grantId,
      grantSeq: grant.seq,
    } as const;
    // A permission is not given unless that is written down; one that ends does not wait for a full disk.
    if (grant.revoked) journal.note(act);
    else await journal.record(act);
  }

  private async refuse(finding: Finding & { verdict: 'refused' }): Promise<ConduitError> {
    const { code, reason, grant } = finding;
    const named = grant ? { grantId: grant.grantId, grantSeq: grant.seq } : {};
    this.parts.journal.note({
      type: 'grant.refused',
      agent: this.parts.own.agentId,
      outcome: 'refused',
      errorCode: code,
      reason,
      ...named,
    });
    this.parts.onRefused?.({ code, reason, ...(grant ? { grantId: grant.grantId } : {}) });
    return new ConduitError(code, { facts: { reason } });
  }
}

/** Which grant a document claims to be, before anything about it is believed. */
function namedGrant(candidate: unknown): string | undefined {
  try {
    const { document } = candidate as SignedGrant;
    const { grantId } = JSON.parse(document) as { grantId?: unknown };
    return typeof grantId === 'string' ? grantId : undefined;
  } catch {
    return undefined;
  }
}
