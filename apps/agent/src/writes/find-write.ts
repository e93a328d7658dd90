/**
 * What became of a write, for the integrator that sent it. Whoever holds or held a permission at the
 * site may ask; what the write answered is told only while one is in force, and the values of its
 * parameters only while no patient has withdrawn: here nobody can see any more whom they are about.
 */
import { Injectable } from '@nestjs/common';
import type {
  FindWriteAnswer,
  FindWriteMeta,
  WriteOutcome,
} from '#libs/contracts/link-messages.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { PmsSites, type PmsSite } from '#apps/agent/src/execution/pms-sites.js';
import { GrantGate } from '#apps/agent/src/grants/grant-gate.port.js';
import { GrantStore } from '#apps/agent/src/grants/grant-store.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import type { JournalRow } from '#apps/agent/src/pms/pms-driver.port.js';
import { outlineOf, unpackOutcome } from '#apps/agent/src/writes/kept-outcome.js';
import type { LocalRecord } from '#apps/agent/src/writes/local-writes.js';
import { keyHashOf } from '#apps/agent/src/writes/write-identity.js';

/** Questions at once, all sites together: each may take a connection to a database. */
const MOST_AT_ONCE = 8;

type Open = (requestHash: Buffer, sealed: Buffer | undefined) => WriteOutcome | undefined;

@Injectable()
export class FindWrite {
  private running = 0;

  constructor(
    private readonly sites: PmsSites,
    private readonly grants: GrantStore,
    private readonly rules: LocalRules,
    private readonly journal: Journal,
    private readonly gate: GrantGate,
  ) {}

  /** @throws ConduitError SITE_NOT_FOUND, SITE_PAUSED, GRANT_MISSING, CONCURRENCY_LIMITED */
  async execute(meta: FindWriteMeta): Promise<FindWriteAnswer> {
    const site = this.sites.find(meta.siteId);
    if (site === undefined) throw new ConduitError('SITE_NOT_FOUND');
    if (this.rules.paused) throw new ConduitError('SITE_PAUSED');
    const mayRead = this.permission(meta);
    if (this.running >= MOST_AT_ONCE) throw new ConduitError('CONCURRENCY_LIMITED');
    this.running += 1;
    try {
      const answer = await this.look(site, meta, mayRead);
      this.note(meta, answer);
      return answer;
    } finally {
      this.running -= 1;
    }
  }

  /** Whether a permission is in force. @throws ConduitError GRANT_MISSING when there never was one */
  private permission({ siteId, integratorId }: FindWriteMeta): boolean {
    const own = this.grants
      .all()
      .map(({ grant }) => grant)
      .filter((grant) => grant.integratorId === integratorId && grant.siteIds.includes(siteId));
    if (own.length === 0) throw new ConduitError('GRANT_MISSING');
    return own.some(({ grantId }) => this.gate.isInForce(grantId));
  }

  private async look(
    { settings, driver, writes }: PmsSite,
    { siteId, integratorId, key }: FindWriteMeta,
    mayRead: boolean,
  ): Promise<FindWriteAnswer> {
    const keyHash = keyHashOf({ siteId, integratorId, key });
    if (writes.turns.has(keyHash)) return { state: 'inProgress' };
    const { box, local } = writes.keeping;
    const open: Open = (requestHash, sealed) => {
      const packed = sealed && mayRead && box.open({ keyHash, requestHash }, sealed);
      if (!packed) return undefined;
      const { parameters, ...counts } = outlineOf(unpackOutcome(packed));
      const isTold = parameters !== undefined && this.sites.mayTellValues({ siteId, integratorId });
      return { ...counts, ...(isTold && { parameters }) };
    };
    try {
      const remembered = await local.find(keyHash);
      if (remembered) return localAnswer(remembered, open);
      if (settings.journal === undefined) return { state: 'neverReceived' };
      const row = await driver.findWrite(keyHash);
      if (row === undefined) return { state: 'neverReceived' };
      return row === 'busy' ? { state: 'inProgress' } : journalAnswer(row, open);
    } catch (error) {
      return { state: 'unknown', reason: toConduitError(error).code };
    }
  }

  private note(meta: FindWriteMeta, { state }: FindWriteAnswer): void {
    this.journal.note({
      type: 'write.found',
      site: meta.siteId,
      integrator: meta.integratorId,
      requestId: meta.requestId,
      outcome: 'successful',
      reason: state,
    });
  }
}

function journalAnswer(row: JournalRow, open: Open): FindWriteAnswer {
  const times = timesOf(row.receivedAt, row.endedAt);
  const outcome = open(row.requestHash, row.outcome);
  switch (row.state) {
    case 'received':
      return { state: 'notApplied', ...times };
    case 'running':
      return { state: 'unknown', reason: 'committedByStatement', ...times };
    case 'applied':
      return { state: 'applied', ...times, ...(outcome && { outcome }) };
    case 'withdrawn':
      return {
        state: 'notApplied',
        reason: 'rolledBackByStatement',
        ...times,
        ...(outcome && { outcome }),
      };
  }
}

function localAnswer(record: LocalRecord, open: Open): FindWriteAnswer {
  const { startedAtMs, endedAtMs } = record;
  const times = timesOf(
    new Date(startedAtMs),
    endedAtMs === undefined ? undefined : new Date(endedAtMs),
  );
  if (record.outcome === undefined) return { state: 'unknown', reason: 'noJournal', ...times };
  const outcome = open(record.requestHash, record.outcome);
  return { state: 'applied', ...times, ...(outcome && { outcome }) };
}

const timesOf = (
  receivedAt: Date,
  endedAt: Date | undefined,
): Pick<FindWriteAnswer, 'receivedAt' | 'appliedAt'> => ({
  receivedAt: receivedAt.toISOString(),
  ...(endedAt && { appliedAt: endedAt.toISOString() }),
});
