import { useEffect, useState } from 'react';

/** Long enough to read a page; short of the half hour after which a session nobody uses ends. */
const ATTENTIVE_MS = 300_000;
const signs = ['pointerdown', 'pointermove', 'keydown', 'scroll', 'focus'] as const;

/**
 * How often a page asks for news: every so often while somebody is at it, and never once they have
 * gone, so that a page left open does not keep its session alive.
 * @returns for react-query's `refetchInterval`
 */
export function useLive(everyMs: number): number | false {
  const [isAttended, setAttended] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const attend = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setAttended(false), ATTENTIVE_MS);
      setAttended(true);
    };
    attend();
    for (const sign of signs) window.addEventListener(sign, attend, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const sign of signs) window.removeEventListener(sign, attend);
    };
  }, []);
  return isAttended ? everyMs : false;
}
