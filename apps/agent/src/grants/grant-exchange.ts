/**
 * Keeps agent and broker agreed about the signed documents, both ways: what the broker has comes in
 * through the same examination as everything else; what was approved or revoked here goes out until
 * the broker says that it stored it, over restarts and cut links too.
 */
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import type { PublishGrantMeta } from '#libs/grants/grant-messages.js';
import { receiptDigestOf, signReceipt, type SignedReceipt } from '#libs/grants/grant-receipt.js';
import { catalogue } from '#libs/errors/catalogue.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import type { Clock } from '#libs/kernel/clock.js';
import { oneByOne } from '#libs/kernel/turns.js';
import type { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import type { GrantStore, HeldGrant } from '#apps/agent/src/grants/grant-store.js';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';

/** How often what the broker has not acknowledged is offered again. */
const offerAgainMs = 15_000;
/**
 * How long a document that the broker turned down stays here. Earlier only when something has changed:
 * asked every few seconds, it would say the same.
 */
const turnedDownMs = 3_600_000;
/** Documents of one answer that are looked at: a broker can't keep the agent busy with more. */
const MAX_LISTED = 10_000;

export class GrantExchange {
  private timer: NodeJS.Timeout | undefined;
  private readonly inTurn = oneByOne();
  /** Documents that the broker turned down, and when it is asked again. */
  private readonly turnedDown = new Map<string, number>();

  constructor(
    private readonly store: GrantStore,
    private readonly line: BrokerLine,
    private readonly own: OwnIdentity,
    private readonly clock: Clock,
  ) {
    store.onChange(() => this.reconsider());
  }

  start(): void {
    this.line.onAttached(() => void this.agree());
    if (this.line.attached) void this.agree();
    this.timer ??= setInterval(() => void this.publishAll(), offerAgainMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Takes in what the broker has, then offers what it lacks. Never rejects: the next attach tries again. */
  agree(): Promise<void> {
    return this.inTurn(async () => {
      await this.takeIn().catch(() => undefined);
      await this.offer();
    });
  }

  /** Offers what the broker has not acknowledged; answers whether nothing is left. */
  async publishAll(): Promise<boolean> {
    await this.inTurn(() => this.offer());
    return this.store.all().every(({ acknowledged }) => acknowledged);
  }

  /** Something has changed, here or at the broker, so that it may take what it turned down. */
  reconsider(): void {
    this.turnedDown.clear();
  }

  /** The agent's word that the document it holds is in force here, or has ended. */
  receiptFor({ grant, signed }: HeldGrant): SignedReceipt {
    const receipt = {
      type: 'conduit-grant-receipt-v1',
      agentId: this.own.agentId,
      grantId: grant.grantId,
      seq: grant.seq,
      digest: receiptDigestOf(signed.document),
      state: grant.revoked ? 'revoked' : 'active',
      at: new Date(this.clock.now()).toISOString(),
    } as const;
    return signReceipt(receipt, (bytes) => this.own.sign(bytes));
  }

  private async takeIn(): Promise<void> {
    const answer = (await this.line.ask(brokerPatterns.listGrants, {})) as { grants?: unknown };
    if (!Array.isArray(answer.grants)) return;
    for (const candidate of answer.grants.slice(0, MAX_LISTED)) {
      // A refusal is journalled by the store; the honest ones beside it still count.
      await this.store.admit(candidate, true).catch(() => undefined);
    }
  }

  private async offer(): Promise<void> {
    for (const held of this.store.all()) {
      const isDue = (this.turnedDown.get(documentName(held)) ?? 0) <= this.clock.now();
      if (held.acknowledged || !isDue || !this.line.attached) continue;
      const { publishGrant, publishRevocation } = brokerPatterns;
      const pattern = held.grant.revoked ? publishRevocation : publishGrant;
      const meta: PublishGrantMeta = { signed: held.signed, receipt: this.receiptFor(held) };
      try {
        await this.line.ask(pattern, meta);
        await this.store.acknowledge(held.grant.grantId, held.grant.seq);
      } catch (error) {
        // It stays unacknowledged and is offered again: soon, unless the broker has said no to it.
        if (catalogue[toConduitError(error).code].retry !== 'never') continue;
        this.turnedDown.set(documentName(held), this.clock.now() + turnedDownMs);
      }
    }
  }
}

const documentName = ({ grant }: HeldGrant): string => `${grant.grantId} ${grant.seq}`;
