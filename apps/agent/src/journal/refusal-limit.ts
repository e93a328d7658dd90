/**
 * Bounds what refusals cost on disk: nothing ran, and whoever sends them decides how many there are.
 * The first of a minute are kept one by one; the rest of each kind become one record with a count.
 */
import type { AuditRecord } from '#libs/audit/audit-record.js';

type Note = Omit<AuditRecord, 'ts'>;

export const refusalLimit = {
  /** Of one action and code, in one minute. */
  perMinute: 60,
  minuteMs: 60_000,
} as const;

interface Kind {
  type: AuditRecord['type'];
  errorCode: string | undefined;
  endsMs: number;
  kept: number;
  counted: number;
}

export class RefusalLimit {
  private readonly kinds = new Map<string, Kind>();

  /** Whether any refusal was counted and not yet written. */
  get isOwing(): boolean {
    return [...this.kinds.values()].some(({ counted }) => counted > 0);
  }

  /**
   * Whether this refusal is kept by itself; else it is counted.
   * @param hasRoom false: count it in any case
   */
  keeps({ type, errorCode }: Note, nowMs: number, hasRoom: boolean): boolean {
    const key = `${type} ${errorCode}`;
    const endsMs = nowMs + refusalLimit.minuteMs;
    const kind = this.kinds.get(key) ?? { type, errorCode, endsMs, kept: 0, counted: 0 };
    this.kinds.set(key, kind);
    const isKept = hasRoom && kind.kept < refusalLimit.perMinute;
    if (isKept) kind.kept += 1;
    else kind.counted += 1;
    return isKept;
  }

  /** One record for each kind whose minute is over and of which some were only counted. */
  due(nowMs: number): Note[] {
    const over = [...this.kinds].filter(([, { endsMs }]) => nowMs >= endsMs);
    for (const [key] of over) this.kinds.delete(key);
    return over.flatMap(([, { type, errorCode, counted }]) =>
      counted === 0
        ? []
        : [
            {
              ...{ type, outcome: 'refused', reason: 'repeated', count: counted },
              ...(errorCode === undefined ? {} : { errorCode }),
            },
          ],
    );
  }
}
