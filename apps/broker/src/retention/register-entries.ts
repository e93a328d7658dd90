/** Entries of the register as they are shown: those of one plan together. */
import type { Selectable } from 'kysely';
import { BY_SCHEDULE } from '#apps/broker/src/retention/plan-destructions.js';
import type { DestructionView } from '#libs/console-api/retention.js';
import type { RetentionRegisterTable } from '#libs/db/retention-tables.js';

type Entry = Selectable<RetentionRegisterTable>;

const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);

/** @param entries newest first; their plans come out in that order */
export function asDestructions(
  entries: readonly Entry[],
  named: (entry: Entry) => Pick<DestructionView, 'practiceName' | 'integratorName'> = () => ({}),
): DestructionView[] {
  const plans = new Map<string, DestructionView>();
  for (const entry of entries) {
    const one = plans.get(entry.plan_id);
    const view = {
      ...{ planId: entry.plan_id, kind: entry.kind, action: entry.action },
      ...{ ruleVersion: entry.rule_version, records: Number(entry.records) },
      ...{ oldest: entry.oldest.toISOString(), newest: entry.newest.toISOString() },
      destroyedAt: entry.destroyed_at.toISOString(),
      ...(entry.decided_by !== BY_SCHEDULE && { wasAsked: true as const }),
      ...named(entry),
    };
    plans.set(
      entry.plan_id,
      one
        ? {
            ...one,
            records: one.records + view.records,
            oldest: earlier(one.oldest, view.oldest),
            newest: later(one.newest, view.newest),
          }
        : view,
    );
  }
  return [...plans.values()];
}
