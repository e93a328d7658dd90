/** Calls about the people of a practice or of an integrator; both are asked in the same words. */
import type {
  CreatedInvitation,
  CreateInvitationRequest,
  People,
  StepUp,
} from '#libs/console-api/session.js';
import { request } from './request.js';

/** Whose people: as actions name it. */
export type Organisation = { practiceId: string } | { integratorId: string };

const id = encodeURIComponent;
const at = (whose: Organisation, path: string): string =>
  'practiceId' in whose
    ? `/practices/${id(whose.practiceId)}${path}`
    : `/integrators/${id(whose.integratorId)}${path}`;

export const readPeople = (whose: Organisation) => request<People>('GET', at(whose, '/people'));
export const invite = (whose: Organisation, wanted: CreateInvitationRequest) =>
  request<CreatedInvitation>('POST', at(whose, '/invitations'), wanted);
export const withdrawInvitation = (whose: Organisation, invitationId: string) =>
  request<void>('DELETE', at(whose, `/invitations/${id(invitationId)}`));
export const endRole = (whose: Organisation, personId: string, role: string, stepUp: StepUp) =>
  request<void>('DELETE', at(whose, `/people/${id(personId)}/roles/${id(role)}`), { stepUp });
