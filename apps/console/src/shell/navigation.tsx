import { NavLink } from 'react-router';
import { allAreas } from '#apps/console/src/pages/all-areas.js';
import type { Workplace } from '#apps/console/src/session/workplaces.js';

/** The pages of a workplace that the roles held there may open. */
export function Navigation({ place }: { place: Workplace }) {
  const pages = allAreas
    .filter(({ kind }) => kind === place.kind)
    .flatMap((area) => area.pages)
    .filter(
      ({ label, roles, shownTo = roles }) =>
        label !== undefined && shownTo.some((role) => place.roles.includes(role)),
    );
  return (
    <nav className="navigation" aria-label={place.name}>
      <ul>
        {pages.map(({ path, label }) => (
          <li key={path}>
            <NavLink to={path === '' ? place.path : `${place.path}/${path}`} end={path === ''}>
              {label}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
