/** For tests of rooms that consent is no matter of: nobody has withdrawn anything. */
import type { ConsentGuard } from '#apps/agent/src/consent/consent-guard.js';

export const nobodyWithdrew = (): Pick<ConsentGuard, 'over' | 'mayTellValues'> => ({
  over: (runner) => runner,
  mayTellValues: () => true,
});
