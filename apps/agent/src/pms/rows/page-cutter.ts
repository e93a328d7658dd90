/**
 * Pages of a result: row text is gathered until a row has passed one megabyte. It knows where a page
 * begins and how many rows it holds; the brackets and commas are the writer's.
 */
import { maxPageBytes } from '#libs/contracts/result-page.js';

/** A page is cut after the row that passes this. */
const PAGE_BYTES = 1_000_000;
/** Leaves room for what sealing adds, and for a row that begins at the end of a page. */
const MOST_PAGE_BYTES = maxPageBytes - 1_048_576;

export class PageCutter {
  private parts: Buffer[] = [];
  private rows = 0;
  private start = 0;
  /** Of each page cut so far, in order. */
  readonly rowsOfPages: number[] = [];

  /** Whether the page that is being written has no row yet. */
  get isEmpty(): boolean {
    return this.rows === 0;
  }

  add(chunk: Buffer): void {
    this.parts.push(chunk);
  }

  /** @param total bytes of the result so far. @returns whether the page is full */
  addRow(total: number): boolean {
    this.rows += 1;
    return total - this.start >= PAGE_BYTES;
  }

  /** A single row may be larger than a page, but not than a frame of the link. */
  isTooLargeAt(total: number): boolean {
    return total - this.start > MOST_PAGE_BYTES;
  }

  /** The page's text; the next page begins at `total`. */
  cut(total: number): Buffer {
    const text = Buffer.concat(this.parts);
    this.rowsOfPages.push(this.rows);
    this.parts = [];
    this.rows = 0;
    this.start = total;
    return text;
  }
}
