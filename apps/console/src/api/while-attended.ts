import { useSyncExternalStore } from 'react';
import { isAttended, onAttention } from './presence.js';

/**
 * How often a page asks for news: every so often while somebody is at it, and never once they have
 * gone.
 * @returns for react-query's `refetchInterval`
 */
export function useWhileAttended(everyMs: number): number | false {
  return useSyncExternalStore(onAttention, isAttended) ? everyMs : false;
}
