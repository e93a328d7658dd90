/**
 * What the practice has paused in its console, kept on this server: neither a restart nor a lost link
 * ends a pause. It comes from the broker without a signature and only ever takes away; the pause of
 * this machine's own people (local-rules.ts) is another thing and stands above it. A file that can't be
 * understood pauses everybody until the broker has said anew what is paused.
 */
import { join } from 'node:path';

import {
  firstWrongField,
  instant,
  integer,
  list,
  matches,
  object,
  oneOf,
  type Shape,
} from '#libs/grants/field-checks.js';
import { MAX_PAUSED, type PausesAsTold } from '#libs/grants/pause-messages.js';
import type { Clock } from '#libs/kernel/clock.js';
import { oneByOne } from '#libs/kernel/turns.js';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { Journal } from '#apps/agent/src/journal/journal.port.js';

/** As `status` shows it. Times: ISO 8601 UTC, since when it is in force here. */
export interface PausesHere {
  everyoneSince?: string;
  integrators: { integratorId: string; since: string }[];
  /** The file is not right: everybody is paused. */
  unreadable?: true;
}

interface KeptPauses extends Omit<PausesHere, 'unreadable'> {
  revision: number;
}

interface PausesParts {
  stateFolder: string;
  journal: Journal;
  clock: Clock;
}

const fileShape: Shape = {
  required: {
    version: oneOf([1]),
    revision: integer(0, Number.MAX_SAFE_INTEGER),
    integrators: list(
      object({
        required: { integratorId: matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/), since: instant },
      }),
      0,
      MAX_PAUSED,
    ),
  },
  optional: { everyoneSince: instant },
};

const nothing: KeptPauses = { revision: 0, integrators: [] };

export class PracticePauses {
  private readonly listeners: (() => void)[] = [];
  private readonly inTurn = oneByOne();
  private paused = new Set<string>();

  private constructor(
    private readonly parts: PausesParts,
    private kept: KeptPauses,
    private unreadable: boolean,
  ) {
    this.paused = idsOf(kept);
  }

  static async open(parts: PausesParts): Promise<PracticePauses> {
    const text = await readIfThere(pathIn(parts.stateFolder));
    const kept = text === undefined ? nothing : parsed(text);
    return new PracticePauses(parts, kept ?? nothing, kept === undefined);
  }

  holds(integratorId: string): boolean {
    return this.isEveryone || this.paused.has(integratorId);
  }

  get here(): PausesHere {
    const { everyoneSince, integrators } = this.kept;
    return {
      ...(everyoneSince !== undefined && { everyoneSince }),
      integrators,
      ...(this.unreadable && { unreadable: true }),
    };
  }

  /** Called back after each change. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Takes what the broker says is paused. What it takes away counts at once, what it gives back only
   * when it is on disk; what is older than what is held changes nothing.
   * @returns what is held then
   */
  put(told: PausesAsTold): Promise<PausesAsTold> {
    return this.inTurn(async () => {
      if (told.revision >= this.kept.revision) await this.take(told);
      return this.asTold;
    });
  }

  private get isEveryone(): boolean {
    return this.unreadable || this.kept.everyoneSince !== undefined;
  }

  private get asTold(): PausesAsTold {
    return {
      revision: this.kept.revision,
      everyone: this.kept.everyoneSince !== undefined,
      integrators: this.kept.integrators.map(({ integratorId }) => integratorId),
    };
  }

  private async take(told: PausesAsTold): Promise<void> {
    const before = this.kept;
    const next = this.nextOf(told);
    const isSame = !this.unreadable && JSON.stringify(next) === JSON.stringify(before);
    if (isSame) return;
    this.hold({ ...both(before, next), revision: before.revision });
    await writeDurably(
      pathIn(this.parts.stateFolder),
      `${JSON.stringify({ version: 1, ...next })}\n`,
    );
    this.unreadable = false;
    this.hold(next);
    this.journal(before, next);
  }

  private hold(kept: KeptPauses): void {
    this.kept = kept;
    this.paused = idsOf(kept);
    for (const listener of this.listeners) listener();
  }

  private nextOf({ revision, everyone, integrators }: PausesAsTold): KeptPauses {
    const { kept, parts } = this;
    const now = new Date(parts.clock.now()).toISOString();
    const since = new Map(kept.integrators.map((one) => [one.integratorId, one.since]));
    return {
      revision,
      ...(everyone && { everyoneSince: kept.everyoneSince ?? now }),
      integrators: integrators.map((integratorId) => ({
        integratorId,
        since: since.get(integratorId) ?? now,
      })),
    };
  }

  private journal(before: KeptPauses, after: KeptPauses): void {
    const note = (type: 'access.paused' | 'access.resumed', integrator?: string): void =>
      this.parts.journal.note({ type, ...(integrator && { integrator }), actorRef: 'console' });
    const [had, has] = [idsOf(before), idsOf(after)];
    const [hadAll, hasAll] = [before, after].map((one) => one.everyoneSince !== undefined);
    if (hasAll !== hadAll) note(hasAll ? 'access.paused' : 'access.resumed');
    for (const id of has) if (!had.has(id)) note('access.paused', id);
    for (const id of had) if (!has.has(id)) note('access.resumed', id);
  }
}

const pathIn = (stateFolder: string): string => join(stateFolder, 'pauses.json');

const idsOf = ({ integrators }: KeptPauses): Set<string> =>
  new Set(integrators.map(({ integratorId }) => integratorId));

/** Whatever either of them pauses. */
function both(before: KeptPauses, next: KeptPauses): KeptPauses {
  const everyoneSince = before.everyoneSince ?? next.everyoneSince;
  const has = idsOf(before);
  return {
    ...before,
    ...(everyoneSince !== undefined && { everyoneSince }),
    integrators: [
      ...before.integrators,
      ...next.integrators.filter(({ integratorId }) => !has.has(integratorId)),
    ],
  };
}

function parsed(text: string): KeptPauses | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (firstWrongField(value, fileShape) !== undefined) return undefined;
    const { version: _, ...kept } = value as KeptPauses & { version: number };
    return kept;
  } catch {
    return undefined;
  }
}
