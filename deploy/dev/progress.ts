/** Step by step, with the time each step took. */
export class Progress {
  private readonly startedMs = performance.now();

  constructor(private readonly indent = 2) {}

  async step<T>(title: string, act: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await act();
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    process.stdout.write(`${' '.repeat(this.indent)}✓ ${title} (${seconds} s)\n`);
    return result;
  }

  /** A line that belongs to the step that runs or has just ended. */
  detail(text: string): void {
    for (const line of text.split('\n'))
      process.stdout.write(`${' '.repeat(this.indent + 4)}${line}\n`);
  }

  /** Seconds since it began. */
  get seconds(): number {
    return (performance.now() - this.startedMs) / 1000;
  }
}
