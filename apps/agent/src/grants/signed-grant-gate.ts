/**
 * The gate every query passes: in memory, no I/O. It goes by the grants this server admitted, its
 * own ceiling, its own pause flag and what the practice paused in its console; of what the broker says
 * about permission it only uses the id, to find the grant whose own words then count.
 */
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { Clock } from '#libs/kernel/clock.js';
import {
  evaluateGrant,
  standingOf,
  type GrantAnswer,
  type GrantQuestion,
  type ReadOnlyCheck,
} from '#libs/grants/evaluate-grant.js';
import type { Grant } from '#libs/grants/grant.js';
import { allowsChange, lowerTo, type Ceiling } from '#libs/grants/ceiling.js';
import { unkeepableTerm } from '#apps/agent/src/grants/examine-grant.js';
import {
  GrantGate,
  type GrantDecision,
  type QueryToAuthorise,
  type WithdrawalListener,
} from '#apps/agent/src/grants/grant-gate.port.js';
import type { GrantStore } from '#apps/agent/src/grants/grant-store.js';
import type { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';
import type { PracticePauses } from '#apps/agent/src/grants/practice-pauses.js';
import type { Journal } from '#apps/agent/src/journal/journal.port.js';

/** How often expiry, the pause flag and the ceiling file are looked at. */
const sweepMs = 1_000;

export interface GateParts {
  store: GrantStore;
  rules: LocalRules;
  pauses: Pick<PracticePauses, 'holds' | 'onChange'>;
  clock: Clock;
  own: OwnIdentity;
  checkReadOnly: (sql: string, databases: readonly string[]) => ReturnType<ReadOnlyCheck>;
  /** Names on the database server of those catalogues that the site has. */
  databasesOf: (siteId: string, catalogues: readonly string[]) => string[];
  journal: Journal;
  /** False when executed queries could not be written down. */
  journalWritable: () => boolean;
}

type Refusal = Extract<GrantDecision, { allowed: false }>;

const refuse = (code: Refusal['code'], reason?: string): Refusal => ({
  allowed: false,
  code,
  ...(reason === undefined ? {} : { reason }),
});

export class SignedGrantGate extends GrantGate {
  private readonly listeners: WithdrawalListener[] = [];
  /** Grants in force at the last sweep, with the document they stood on. */
  private inForce = new Map<string, string>();
  private lowered = new WeakMap<Grant, { ceiling: Ceiling; grant: Grant }>();
  private timer: NodeJS.Timeout | undefined;
  private wasPaused: boolean;

  constructor(private readonly parts: GateParts) {
    super();
    this.wasPaused = parts.rules.paused;
    this.inForce = this.standing();
    parts.store.onChange(() => this.sweep());
    parts.pauses.onChange(() => this.sweep());
  }

  /** Begins to look at the clock and the files; ends with `stop`. */
  start(): void {
    this.timer ??= setInterval(() => this.sweep(), sweepMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** How many grants allow anything now. */
  get grantsInForce(): number {
    return this.inForce.size;
  }

  override onWithdrawn(listener: WithdrawalListener): void {
    this.listeners.push(listener);
  }

  override decide(query: QueryToAuthorise): GrantDecision {
    const { store, rules, pauses, clock } = this.parts;
    if (rules.paused) return refuse('SITE_PAUSED');
    if (pauses.holds(query.integratorId)) return refuse('GRANT_PAUSED');
    if (!rules.ceilingReadable) return refuse('GRANT_CEILING', 'ceiling-unreadable');
    if (!this.parts.journalWritable()) return refuse('JOURNAL_UNAVAILABLE');
    const held = store.find(query.grantId);
    if (!held) return refuse('GRANT_INVALID', 'grant-unknown');
    if (held.grant.epoch < store.epoch) return refuse('GRANT_INVALID', 'epoch-old');
    // The broker holds a newer document than it delivered: it may say less than the one held here.
    if (query.grantSeq > held.grant.seq) return refuse('GRANT_INVALID', 'seq-ahead');
    if (!this.parts.own.siteIds.includes(query.siteId)) return refuse('GRANT_INVALID', 'site');
    const unkeepable = unkeepableTerm(held.grant);
    if (unkeepable !== undefined) return refuse('GRANT_INVALID', unkeepable);
    const grant = this.lower(held.grant);
    const question = asQuestion(query);
    const check = this.checkFor(grant, query.siteId);
    const answer = evaluateGrant(grant, question, clock.now(), check);
    if (answer.allowed) return this.permit(grant, answer);
    return this.blameCeiling(held.grant, question, answer, check);
  }

  override isInForce(grantId: string): boolean {
    return this.inForce.has(grantId);
  }

  override minuteLimitOf(grantId: string): number | undefined {
    const held = this.parts.store.find(grantId);
    return held && this.lower(held.grant).limits.perMinute;
  }

  private permit(grant: Grant, answer: GrantAnswer & { allowed: true }): GrantDecision {
    const { tier, scope } = answer;
    if (tier === 'write' && !allowsChange(this.parts.rules.ceiling, scope))
      return refuse('GRANT_CEILING', 'statement');
    return { allowed: true, grant, tier, scope };
  }

  /** Looks at everything that ends a permission without a message; tells who listens. */
  sweep(): void {
    this.lookAtRules();
    const before = this.inForce;
    this.inForce = this.standing();
    for (const [grantId, document] of before) {
      if (this.inForce.get(grantId) === document) continue;
      const code = this.endOf(grantId);
      for (const listener of this.listeners) listener(grantId, code);
    }
  }

  /**
   * The clock may have ended it, in either direction; a pause stopped it for now; anything else took it
   * away. Of a pause not its own code, which says that nothing was run.
   */
  private endOf(grantId: string): ErrorCode {
    const { store, rules, pauses, clock } = this.parts;
    const held = store.find(grantId);
    const ended = held && standingOf(held.grant, clock.now());
    if (!held || ended) return ended ?? 'GRANT_REVOKED';
    const isPaused = rules.paused || pauses.holds(held.grant.integratorId);
    return isPaused ? 'QUERY_STOPPED' : 'GRANT_REVOKED';
  }

  /** The pause flag is a file that anyone on this machine may have set: what is written down is what was seen. */
  private lookAtRules(): void {
    const { rules, journal } = this.parts;
    rules.refresh();
    if (rules.paused === this.wasPaused) return;
    this.wasPaused = rules.paused;
    journal.note({ type: rules.paused ? 'access.paused' : 'access.resumed', actorRef: 'local' });
  }

  /**
   * Which grants allow anything now. Hours are left out on purpose: they say when a query may start,
   * and one that runs at closing time ends by itself.
   */
  private standing(): Map<string, string> {
    const { store, rules, pauses, clock } = this.parts;
    if (rules.paused || !rules.ceilingReadable) return new Map();
    const nowMs = clock.now();
    return new Map(
      store
        .all()
        .filter(({ grant }) => grant.epoch >= store.epoch && unkeepableTerm(grant) === undefined)
        .filter(({ grant }) => standingOf(this.lower(grant), nowMs) === undefined)
        .filter(({ grant }) => !pauses.holds(grant.integratorId))
        .map(({ grant, signed }) => [
          grant.grantId,
          // A lowered ceiling replaces a grant as a new document does.
          `${signed.document}${this.lower(grant).scopes.join()}`,
        ]),
    );
  }

  private lower(grant: Grant): Grant {
    const { ceiling } = this.parts.rules;
    const known = this.lowered.get(grant);
    if (known?.ceiling === ceiling) return known.grant;
    const lowered = lowerTo(grant, ceiling);
    this.lowered.set(grant, { ceiling, grant: lowered });
    return lowered;
  }

  /** A statement may name the databases of the grant's catalogues, and no other. */
  private checkFor({ catalogues }: Grant, siteId: string): ReadOnlyCheck {
    const { checkReadOnly, databasesOf } = this.parts;
    return (sql) => checkReadOnly(sql, databasesOf(siteId, catalogues));
  }

  /** When the practice permitted it and only this server's ceiling does not, the answer says so. */
  private blameCeiling(
    signed: Grant,
    question: GrantQuestion,
    answer: GrantAnswer & { allowed: false },
    check: ReadOnlyCheck,
  ): Refusal {
    const permitted = evaluateGrant(signed, question, this.parts.clock.now(), check).allowed;
    return permitted ? refuse('GRANT_CEILING') : answer;
  }
}

function asQuestion(query: QueryToAuthorise): GrantQuestion {
  const { siteId, integratorId, catalogue, commandType, text } = query;
  const command: GrantQuestion['command'] =
    commandType === 'storedProcedure' ? { kind: 'procedure', name: text } : { kind: 'text', text };
  return { siteId, integratorId, catalogue, command };
}
