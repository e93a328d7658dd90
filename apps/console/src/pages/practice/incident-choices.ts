/** What a practice's own incident can be about: its sites, and who has to do with them. */
import type { PracticeOverview } from '#libs/console-api/practice.js';
import type { ReadChoices } from '#apps/console/src/incidents/incident-choices.js';
import type { ScopeList } from '#libs/console-api/incident-words.js';

const matching =
  (choices: readonly { id: string; name: string }[]): ReadChoices =>
  (search) =>
    Promise.resolve(
      choices.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase())),
    );

export function practiceChoices(
  overview: PracticeOverview | undefined,
): Partial<Record<ScopeList, ReadChoices>> {
  const { integrators = [], sites = [] } = overview ?? {};
  return {
    integrators: matching(integrators.map(({ integratorId: id, name }) => ({ id, name }))),
    sites: matching(sites.map(({ siteId: id, name }) => ({ id, name }))),
  };
}
