/** The sandbox's own report while it fills its tables, in one line instead of two dozen. */
import type { Progress } from '#deploy/dev/progress.js';

const FILLED = /^\s*\[(\d+)\/(\d+)\] (\S+): (\d+) rows$/;

/** @returns what takes the sandbox's lines */
export function fillingProgress(progress: Progress): (line: string) => void {
  let rows = 0;
  return (line) => {
    const found = FILLED.exec(line);
    if (!found) {
      progress.live(line.trim());
      return;
    }
    const [, nth, tables, table, added] = found;
    rows += Number(added);
    progress.live(`table ${nth} of ${tables}, ${table}`);
    if (nth === tables) {
      progress.detail(`${tables} tables, ${rows.toLocaleString('en-AU')} rows of made-up patients`);
    }
  };
}
