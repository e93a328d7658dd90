/**
 * Step by step, with the time each step took. On a terminal the running step shows on a line that is
 * rewritten; elsewhere only what is finished is printed, one line a step.
 */
const TITLE_COLUMNS = 66;

export class Progress {
  private readonly startedMs = performance.now();
  private readonly details: string[] = [];
  private running: string | undefined;

  constructor(
    private readonly out: Pick<NodeJS.WriteStream, 'write' | 'isTTY'> = process.stdout,
    private readonly indent = '  ',
  ) {}

  async step<T>(title: string, act: () => Promise<T>): Promise<T> {
    const from = performance.now();
    this.running = title;
    this.live('');
    try {
      const result = await act();
      this.finish('✓', title, from);
      return result;
    } catch (error) {
      this.finish('✗', title, from);
      throw error;
    }
  }

  private finish(sign: string, title: string, from: number): void {
    const seconds = ((performance.now() - from) / 1000).toFixed(1).padStart(6);
    this.clear();
    this.out.write(`${this.indent}${sign} ${title.padEnd(TITLE_COLUMNS)}${seconds} s\n`);
    this.running = undefined;
    for (const text of this.details.splice(0)) this.detail(text);
  }

  /** How far the running step is; seen on a terminal only, until the next one. */
  live(text: string): void {
    if (!this.out.isTTY || this.running === undefined) return;
    this.clear();
    this.out.write(`${this.indent}… ${this.running}${text && `: ${text}`}`);
  }

  private clear(): void {
    if (this.out.isTTY) this.out.write('\r\u001b[2K');
  }

  /** Lines that belong to the step that runs or has just ended. */
  detail(text: string): void {
    if (this.running !== undefined) {
      this.details.push(text);
      return;
    }
    for (const line of text.split('\n')) this.out.write(`${this.indent}    ${line}\n`);
  }

  /** Seconds since it began. */
  get seconds(): number {
    return (performance.now() - this.startedMs) / 1000;
  }
}
