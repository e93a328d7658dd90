/**
 * Keeps a page of the operator up to date: the broker says what changed, and what is on the screen of
 * it is asked for again. The browser comes back by itself when the stream breaks; until it has, the
 * page says so.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { openLive } from '#apps/console/src/api/operator.js';
import { liveEvents } from '#libs/console-api/operator.js';
import { useSession } from '#apps/console/src/session/session-context.js';

const COME_BACK_MS = 5_000;
/** Of an EventSource whose browser has given up. */
const CLOSED = 2;

/** Whether changes are being told. */
export function useLive(): boolean {
  const queries = useQueryClient();
  const { hasEnded } = useSession();
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    if (hasEnded) return undefined;
    let source: ReturnType<typeof openLive> | undefined;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const refresh = (what: string) =>
      void queries.invalidateQueries({ queryKey: ['operator', what] });
    const open = () => {
      source = openLive();
      source.addEventListener('open', () => setLive(true));
      source.addEventListener(liveEvents.agents, () => {
        for (const what of ['fleet', 'agent', 'practice']) refresh(what);
      });
      source.addEventListener(liveEvents.alerts, () => {
        for (const what of ['alerts', 'fleet', 'agent']) refresh(what);
      });
      source.addEventListener(liveEvents.requests, () => refresh('requests'));
      // The next call of the page finds out whether the session is over.
      source.addEventListener(liveEvents.end, () => refresh('fleet'));
      source.addEventListener('error', () => {
        setLive(false);
        // A refusal ends the browser's own attempts.
        if (source?.readyState !== CLOSED) return;
        void queries.invalidateQueries({ queryKey: ['session'] });
        waiting = setTimeout(open, COME_BACK_MS);
      });
    };
    open();
    return () => {
      clearTimeout(waiting);
      source?.close();
    };
  }, [queries, hasEnded]);
  return isLive;
}
