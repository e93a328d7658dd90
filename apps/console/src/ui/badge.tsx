import type { ReactNode } from 'react';
import type { Tone } from './notice.js';

/** A state in one or two words. The colour only repeats what the words say. */
export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge badge--${tone}`}>{children}</span>;
}
