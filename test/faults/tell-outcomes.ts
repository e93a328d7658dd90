/** What callers were told over all rounds, so that a reader sees that the cases met what they were made for. */
import type { CaseHistory, CaseKind, Told } from '#test/faults/case-history.js';

export class Outcomes {
  private readonly counts = new Map<CaseKind, Map<string, number>>();

  note({ kind, told }: CaseHistory): void {
    const counts = this.counts.get(kind) ?? new Map<string, number>();
    this.counts.set(kind, counts);
    for (const one of told) {
      const word = wordFor(one);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }

  get lines(): string[] {
    return [...this.counts].map(([kind, counts]) => {
      const sorted = [...counts].sort(([a], [b]) => a.localeCompare(b));
      return `${kind}: ${sorted.map(([word, times]) => `${word} ${times}`).join(', ')}`;
    });
  }
}

function wordFor({ call, status, state, code, isCutShort }: Told): string {
  if (status === 0) return `${call} cut off`;
  if (isCutShort) return `${call} cut short`;
  return [call, state ?? code ?? String(status)].join(' ');
}
