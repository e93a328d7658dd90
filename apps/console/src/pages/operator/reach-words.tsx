import type { ActReach } from '#libs/console-api/operator.js';
import { Facts } from '#apps/console/src/ui/facts.js';

/** Whom an act hits, before it is confirmed. */
export function ReachWords({ reach }: { reach: ActReach }) {
  const { sites, integrators, queriesWaiting, registeredQueries } = reach;
  const names = (of: { name: string }[], none: string) =>
    of.length === 0 ? none : of.map(({ name }) => name).join(', ');
  return (
    <Facts
      facts={[
        { label: 'Sites', value: names(sites, 'None') },
        { label: 'Integrators with access', value: names(integrators, 'None') },
        { label: 'Queries waiting', value: queriesWaiting ?? 'Nobody can say just now' },
        { label: 'Registered queries', value: registeredQueries },
      ]}
    />
  );
}

/** What the passkey signs besides the act itself, in the broker's order. */
export const reachFields = ({ sites, integrators }: ActReach) => ({
  siteIds: sites.map(({ siteId }) => siteId),
  integratorIds: integrators.map(({ integratorId }) => integratorId),
});
