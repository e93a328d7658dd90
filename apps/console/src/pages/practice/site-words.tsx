/** How a site is, in one sentence that somebody without training understands. */
import type { ReactNode } from 'react';
import type { PracticeSite } from '#libs/console-api/practice.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import type { Tone } from '#apps/console/src/ui/notice.js';

interface SiteState {
  tone: Tone;
  /** One or two words. */
  badge: string;
  sentence: ReactNode;
}

export function siteState(site: PracticeSite): SiteState {
  const { availability, availabilitySince: since, load, loadSince } = site;
  const sinceWords = since !== undefined && (
    <>
      {' '}
      since <DateTime value={since} />
    </>
  );
  if (availability === 'offline') {
    return {
      tone: 'warning',
      badge: 'Offline',
      sentence: (
        <>
          Conduit on this server was stopped or never started{sinceWords}. Nothing reaches the
          practice’s records. To go on, start the service on the server.
        </>
      ),
    };
  }
  if (availability === 'unreachable') {
    return {
      tone: 'bad',
      badge: 'Unreachable',
      sentence: (
        <>
          The server has not been heard{sinceWords}. Check that it is switched on and that its
          internet connection works.
        </>
      ),
    };
  }
  if (load === 'normal') {
    return { tone: 'good', badge: 'Online', sentence: 'Everything works.' };
  }
  const slow = loadSince !== undefined && (
    <>
      {' '}
      since <DateTime value={loadSince} />
    </>
  );
  return {
    tone: 'warning',
    badge: 'Online, slow',
    sentence: (
      <>
        The database is slow{slow}.{' '}
        {load === 'asyncPaused'
          ? 'Work that can wait is paused until it recovers.'
          : 'Work by a timetable is paused until it recovers.'}
      </>
    ),
  };
}
