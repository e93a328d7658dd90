/** How long a key is good: chosen in days, sent as a moment. */
import type { Option } from '#apps/console/src/ui/select.js';

const DAY_MS = 86_400_000;

export const keyLives: readonly Option[] = [
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: '30', label: '30 days' },
  { value: '1', label: '1 day' },
  { value: 'never', label: 'Until it is revoked' },
];

/** @param fromMs the moment that the choice counts from: it must not move until the passkey has signed */
export function endAfter(life: string, fromMs: number): string | undefined {
  return life === 'never' ? undefined : new Date(fromMs + Number(life) * DAY_MS).toISOString();
}
