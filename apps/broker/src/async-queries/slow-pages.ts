/**
 * Pages that take their time on the way up are shown before they are there. Most lines are quick enough
 * that nothing has to be written of it.
 */
import type { PageHeader } from '#libs/contracts/result-page.js';

/** Nobody asks so often that he would miss anything shorter. */
const SLOW_MS = 250;
const OUTCOME_PAGE = 0;

export class SlowPages {
  private timer: NodeJS.Timeout | undefined;

  /** @param note of the page that comes and those behind it; what it rejects with is nobody's harm */
  constructor(private readonly note: (coming: PageHeader[]) => Promise<void>) {}

  /** @param coming the page that has begun to come, then those that wait at the practice */
  begin(coming: PageHeader[]): void {
    this.end();
    if (coming[0]?.page === OUTCOME_PAGE) return;
    this.timer = setTimeout(() => void this.note(coming).catch(() => undefined), SLOW_MS).unref();
  }

  /** It is there, or will not come any more. */
  end(): void {
    clearTimeout(this.timer);
  }
}
