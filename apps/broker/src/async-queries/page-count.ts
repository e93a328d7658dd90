/** The pages of one run as they come: each in its place, the outcome last, nothing missing. */
import type { PageHeader } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const OUTCOME_PAGE = 0;

export class PageCount {
  /** Of rows. */
  pages = 0;
  rows = 0;
  /** Of the row text. */
  bytes = 0;
  private hasOutcome = false;

  /** @throws ConduitError LINK_PROTOCOL for a page that is not the next */
  add({ page, rowsStart, rowsEnd, plainBytes }: PageHeader): void {
    if (this.hasOutcome) throw new ConduitError('LINK_PROTOCOL');
    if (page === OUTCOME_PAGE) {
      this.hasOutcome = true;
      return;
    }
    if (page !== this.pages + 1 || rowsStart !== this.rows) throw new ConduitError('LINK_PROTOCOL');
    this.pages = page;
    this.rows = rowsEnd + 1;
    this.bytes += plainBytes;
  }

  /** @throws ConduitError LINK_PROTOCOL when the outcome is missing: a result that was cut short */
  close(): void {
    if (!this.hasOutcome) throw new ConduitError('LINK_PROTOCOL');
  }
}
