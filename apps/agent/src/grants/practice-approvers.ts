/**
 * Whose passkeys count, decided on this machine. The broker offers them; six words that a person
 * compares with those on the other screen say that what is admitted here is what was made there.
 */
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { MAX_APPROVERS } from '#libs/grants/agent-rules.js';
import { passkeyApproverId, type Approver } from '#libs/grants/approver.js';
import { revocationOf } from '#libs/grants/draft-grant.js';
import { isOfferedPasskey, type OfferedPasskey } from '#libs/grants/grant-messages.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import { plainWords, sixWords } from '#libs/grants/six-words.js';
import type { Clock } from '#libs/kernel/clock.js';
import type { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import type { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import type { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import type { GrantStore, HeldGrant } from '#apps/agent/src/grants/grant-store.js';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import type { Journal } from '#apps/agent/src/journal/journal.port.js';

/** An approver as people are shown it. */
export interface ShownApprover {
  approverId: string;
  kind: Approver['kind'];
  name: string;
  /** Of a passkey: where it is used, and its six words. */
  origin?: string;
  words?: string;
  /** Absent: offered, not admitted. */
  addedAt?: string;
}

export interface RemovedApprover {
  approverId: string;
  /** Permissions that it had signed: they have ended. */
  ended: string[];
}

export interface ApproverParts {
  approvers: ApproverStore;
  store: GrantStore;
  exchange: GrantExchange;
  line: BrokerLine;
  own: OwnIdentity;
  journal: Journal;
  clock: Clock;
}

const MAX_OFFERED = 200;

export class PracticeApprovers {
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly parts: ApproverParts) {}

  /** Called back after each change. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  list(): ShownApprover[] {
    return showApprovers(this.parts.approvers.approvers.values());
  }

  /** Passkeys of the practice's owners that are not admitted here. @throws ConduitError LINK_CLOSED */
  async offered(): Promise<ShownApprover[]> {
    const passkeys = await this.askOffered();
    return passkeys
      .map((passkey) => ({
        approverId: passkeyApproverId(passkey),
        kind: 'webauthn' as const,
        name: passkey.name,
        origin: passkey.origin,
        words: sixWords(passkey),
      }))
      .filter(({ approverId }) => !this.parts.approvers.approvers.has(approverId));
  }

  /**
   * Admits the offered passkey that has these six words.
   * @throws ConduitError APPROVER_NOT_FOUND when none has; LINK_CLOSED
   */
  async admit(words: string): Promise<ShownApprover> {
    const { approvers, journal, own, clock } = this.parts;
    const typed = plainWords(words);
    const passkey = (await this.askOffered()).find((one) => sixWords(one) === typed);
    if (!passkey) throw new ConduitError('APPROVER_NOT_FOUND');
    const approver = {
      ...passkey,
      kind: 'webauthn' as const,
      approverId: passkeyApproverId(passkey),
      addedAt: new Date(clock.now()).toISOString(),
    };
    const { approverId } = approver;
    if (!approvers.approvers.has(approverId)) {
      if (approvers.approvers.size >= MAX_APPROVERS)
        throw new ConduitError('REQUEST_INVALID', {
          facts: { problem: 'remove an approver first', limit: MAX_APPROVERS },
        });
      await journal.record({
        ...{ type: 'approver.admitted', agent: own.agentId, keyId: approverId, actorRef: 'local' },
      });
      await approvers.admit(approver);
      this.tell();
    }
    const [shown] = showApprovers([approver]);
    return shown as ShownApprover;
  }

  /**
   * Takes a passkey's word away, and ends every permission that it has signed.
   * @throws ConduitError APPROVER_NOT_FOUND also for the key of this server, which stays
   */
  async remove(approverId: string): Promise<RemovedApprover> {
    const { approvers, journal, own, exchange } = this.parts;
    if (approvers.approvers.get(approverId)?.kind !== 'webauthn')
      throw new ConduitError('APPROVER_NOT_FOUND');
    const ended = await this.endThoseOf(approverId);
    await approvers.remove(approverId);
    // One that came in between.
    ended.push(...(await this.endThoseOf(approverId)));
    journal.note({
      ...{ type: 'approver.removed', agent: own.agentId, keyId: approverId, actorRef: 'local' },
    });
    this.tell();
    void exchange.publishAll();
    return { approverId, ended };
  }

  /**
   * Signed anew by the key of this server, an end also outlives its approver: nothing that the passkey
   * ended can be brought back once its word can't be checked any more.
   */
  private async endThoseOf(approverId: string): Promise<string[]> {
    const { approvers, store } = this.parts;
    const theirs = store.all().filter((held) => isSignedBy(held, approverId));
    const { approverId: own, privateKey } = await approvers.local();
    for (const { grant } of theirs)
      await store.admit(signGrant(revocationOf(grant), own, privateKey), false);
    return theirs.filter(({ grant }) => !grant.revoked).map(({ grant }) => grant.grantId);
  }

  private async askOffered(): Promise<OfferedPasskey[]> {
    const answer = await this.parts.line.ask(brokerPatterns.listOfferedPasskeys, {});
    const { passkeys } = answer as { passkeys?: unknown };
    return Array.isArray(passkeys) ? passkeys.slice(0, MAX_OFFERED).filter(isOfferedPasskey) : [];
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Whether this approver's signature is one of those that the document stands on. */
export const isSignedBy = ({ signed }: Pick<HeldGrant, 'signed'>, approverId: string): boolean =>
  signed.approvals.some((approval) => approval.approverId === approverId);

export function showApprovers(approvers: Iterable<Approver>): ShownApprover[] {
  return [...approvers].map((approver) => ({
    approverId: approver.approverId,
    kind: approver.kind,
    name: approver.name,
    ...(approver.kind === 'webauthn' && { origin: approver.origin, words: sixWords(approver) }),
    addedAt: approver.addedAt,
  }));
}
