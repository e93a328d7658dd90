/**
 * Keeps people from pages that would only refuse them. It guards nothing: the broker does, with each
 * call. Somebody else's practice looks the same as one that does not exist.
 */
import { Outlet, useParams } from 'react-router';
import type { Area, AreaPage } from '#apps/console/src/areas.js';
import { NotForYou } from '#apps/console/src/pages/not-for-you.js';
import { NotFound } from '#apps/console/src/pages/not-found.js';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import { workplacesOf } from '#apps/console/src/session/workplaces.js';

export function RoleGate({ area, page }: { area: Area; page: AreaPage }) {
  const { practiceId, integratorId } = useParams();
  const id = practiceId ?? integratorId;
  const place = workplacesOf(useSignedIn()).find(
    (candidate) => candidate.kind === area.kind && candidate.id === id,
  );
  if (!place) return <NotFound />;
  if (!place.roles.some((role) => page.roles.includes(role)))
    return <NotForYou roles={page.roles} />;
  return <Outlet />;
}
