/** What checking an export has brought to light, in plain sentences that hold no record's content. */

/** `wrong`: it does not hold. `notice`: it may hold, but could not be told, or is out of the ordinary. */
export interface Finding {
  level: 'wrong' | 'notice';
  /** E.g. `logs[0].entries[3]`. */
  place: string;
  says: string;
}

/** More would be read by nobody, and a spoilt export has one for each record. */
const MOST = 1_000;

export class Findings {
  readonly list: Finding[] = [];
  private left = 0;

  wrong(place: string, says: string): void {
    this.add({ level: 'wrong', place, says });
  }

  notice(place: string, says: string): void {
    this.add({ level: 'notice', place, says });
  }

  /** All of them, the last one saying how many were left out. */
  all(): Finding[] {
    if (this.left === 0) return this.list;
    const says = `${this.left} more findings are left out here.`;
    return [...this.list, { level: 'notice', place: 'the whole', says }];
  }

  /** A wrong one is never crowded out by notices. */
  private add(finding: Finding): void {
    if (this.list.length < MOST) {
      this.list.push(finding);
      return;
    }
    this.left += 1;
    const at = finding.level === 'wrong' ? this.list.findIndex((f) => f.level === 'notice') : -1;
    if (at >= 0) this.list[at] = finding;
  }
}
