/** Calls about what is kept and for how long: of one practice, or of the operator for all. */
import type {
  AskedErasure,
  ChangePeriodRequest,
  OperatorRetention,
  PlacedHold,
  PlaceHoldRequest,
  PracticeRetention,
  UndoDestructionRequest,
  UndoneDestruction,
} from '#libs/console-api/retention.js';
import type { StepUp } from '#libs/console-api/session.js';
import { request } from './request.js';

const id = encodeURIComponent;

/** Whose retention it is; what is asked to be confirmed names it. */
export interface RetentionPlace {
  practiceId?: string;
}

const at = ({ practiceId }: RetentionPlace, path = ''): string =>
  `${practiceId === undefined ? '/operator' : `/practices/${id(practiceId)}`}/retention${path}`;

export const retentionKey = ({ practiceId }: RetentionPlace): string[] =>
  practiceId === undefined ? ['operator', 'retention'] : ['practice', practiceId, 'retention'];

export const readPracticeRetention = (practiceId: string) =>
  request<PracticeRetention>('GET', at({ practiceId }));
export const readOperatorRetention = () => request<OperatorRetention>('GET', at({}));
export const undoDestruction = (place: RetentionPlace, wanted: UndoDestructionRequest) =>
  request<UndoneDestruction>('POST', at(place, '/undo'), wanted);
export const placeHold = (place: RetentionPlace, wanted: PlaceHoldRequest) =>
  request<PlacedHold>('POST', at(place, '/holds'), wanted);
export const liftHold = (place: RetentionPlace, holdId: string, stepUp: StepUp) =>
  request<void>('POST', at(place, `/holds/${id(holdId)}/lift`), { stepUp });
export const changePeriod = (practiceId: string, wanted: ChangePeriodRequest) =>
  request<void>('PUT', at({ practiceId }, '/periods'), wanted);
export const eraseName = (practiceId: string, personId: string, stepUp: StepUp) =>
  request<AskedErasure>('POST', at({ practiceId }, `/people/${id(personId)}/erase`), { stepUp });
