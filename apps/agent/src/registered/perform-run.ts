/**
 * One run of a registered query from its start to its report, whatever becomes of it. Its number only
 * grows, and a run that a crash interrupted has no report: the query simply runs again at its time.
 */
import type { RegisteredRunReport } from '#libs/contracts/registered.js';
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import type { GrantGate } from '#apps/agent/src/grants/grant-gate.port.js';
import { concludeRun, failureFacts } from '#apps/agent/src/registered/conclude-run.js';
import type { HeldQuery } from '#apps/agent/src/registered/registered-query.js';
import type { RegisteredShelf } from '#apps/agent/src/registered/registered-shelf.js';
import {
  readRegistered,
  runQueryOnce,
  type QueryRunner,
  type RunFailure,
} from '#apps/agent/src/registered/run-query-once.js';
import type { Timeline } from '#apps/agent/src/registered/timeline.js';
import type { TrustedTime } from '#apps/agent/src/registered/trusted-time.js';

export interface PerformParts {
  shelf: RegisteredShelf;
  runner: QueryRunner;
  gate: GrantGate;
  timeline: Timeline;
  time: TrustedTime;
}

type Facts = Omit<RegisteredRunReport, 'registeredId' | 'run' | 'startedAtMs'>;

/** Permissions that will never allow anything again. */
const FINAL: readonly ErrorCode[] = ['GRANT_REVOKED', 'GRANT_EXPIRED'];

export class PerformRun {
  constructor(private readonly parts: PerformParts) {}

  /** @returns the report; undefined when the query was ended meanwhile */
  async execute(held: HeldQuery): Promise<RegisteredRunReport | undefined> {
    const { state, definition } = held;
    const { timeline, time } = this.parts;
    // Of the clock, so that a state that was lost does not give a number out again.
    const run = Math.max(state.lastRun + 1, Math.floor(timeline.wallMs()));
    const startedAtMs = Math.round(time.earliestMs());
    state.lastRun = run;
    state.lastStartMs = startedAtMs;
    const facts = await this.factsOf(held, run);
    if (held.ending.signal.aborted) return undefined;
    state.failures = facts.outcome === 'failed' ? state.failures + 1 : 0;
    const stopped = facts.outcome === 'failed' ? this.finalReason(held) : undefined;
    if (stopped) state.stopped = stopped;
    return {
      ...{ registeredId: definition.registeredId, run, startedAtMs },
      ...facts,
      ...(stopped && { stopped: true, errorCode: stopped }),
    };
  }

  /** Why the practice's permission will never allow it again, if that is so. */
  finalReason({ definition }: HeldQuery): ErrorCode | undefined {
    const { siteId, integratorId, grantId, grantSeq } = definition;
    const command = { commandType: 'text', executionMode: 'reader', text: '' } as const;
    const question = { siteId, integratorId, grantId, grantSeq, catalogue: '', ...command };
    const decision = this.parts.gate.decide(question);
    if (decision.allowed) return undefined;
    if (decision.reason === 'epoch-old') return 'GRANT_REVOKED';
    return FINAL.find((code) => code === decision.code);
  }

  private async factsOf(held: HeldQuery, run: number): Promise<Facts> {
    const { shelf, runner, timeline } = this.parts;
    const startedMs = timeline.monotonicMs();
    let executionMs: number | undefined;
    const took = (): number => executionMs ?? Math.round(timeline.monotonicMs() - startedMs);
    try {
      const body = await shelf.request(held);
      if (!body) throw new ConduitError('QUERY_GONE');
      const query = readRegistered(body);
      const { signal } = held.ending;
      const answer = await runQueryOnce(runner, held.definition, run, query, signal);
      executionMs = answer.ms;
      const facts = answer.isSuccess
        ? await concludeRun(shelf, held, run, answer, query.keyColumns)
        : failureFacts(held, run, answer.failure);
      return { ...facts, executionMs };
    } catch (thrown) {
      const { code } = toConduitError(thrown);
      return { ...failureFacts(held, run, ownFailure(code)), executionMs: took() };
    }
  }
}

function ownFailure(code: ErrorCode): RunFailure {
  return { code, errorType: 'haloLink', errorNumber: 0, words: catalogue[code].title };
}
