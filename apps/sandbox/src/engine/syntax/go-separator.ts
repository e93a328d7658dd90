/** GO is no T-SQL: script tools cut batches at lines that hold nothing else. */

/** @returns non-empty batches with the line each begins at. */
export function splitAtGo(sql: string): { text: string; line: number }[] {
  const batches: { text: string; line: number }[] = [];
  let lines: string[] = [];
  let begin = 1;
  const finish = (next: number): void => {
    if (lines.some((line) => line.trim() !== ''))
      batches.push({ text: lines.join('\n'), line: begin });
    lines = [];
    begin = next;
  };
  sql.split('\n').forEach((line, i) => {
    if (/^\s*GO\s*;?\s*$/i.test(line)) finish(i + 2);
    else lines.push(line);
  });
  finish(0);
  return batches;
}
