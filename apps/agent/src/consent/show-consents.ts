/** The list of withdrawn consents as the people of this machine see it. */
import type {
  PatientPlaces,
  UndeclaredRule,
  Withdrawal,
} from '#apps/agent/src/consent/consent-file.js';
import type { WithdrawnConsents } from '#apps/agent/src/consent/withdrawn-consents.js';

export interface ShownConsents {
  withdrawn: readonly Withdrawal[];
  declared: readonly PatientPlaces[];
  undeclared: UndeclaredRule;
  /** Of this server. */
  siteIds: readonly string[];
  /** The file is not right: nothing runs. */
  damaged?: true;
}

export const showConsents = (
  consents: Pick<WithdrawnConsents, 'list' | 'declared' | 'undeclared' | 'isDamaged'>,
  siteIds: readonly string[],
): ShownConsents => ({
  withdrawn: consents.list,
  declared: consents.declared,
  undeclared: consents.undeclared,
  siteIds,
  ...(consents.isDamaged && { damaged: true }),
});
