/** Who may invite whom, and for how long. Plain rules; the routes ask them after the guard. */
import {
  integratorRoles,
  operatorRoles,
  practiceRoles,
  type PersonRole,
} from '#libs/console-api/session.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** Whose people they are. */
export type Place = { practiceId: string } | { integratorId: string } | { operator: true };

export const invitationLifeMs = 72 * 3_600_000;
export const maxWrongTries = 5;
/** Open ones of one place. */
export const maxOpenInvitations = 50;
const technicianLifeMs = 90 * 86_400_000;

const has = (roles: readonly PersonRole[], role: PersonRole): boolean => roles.includes(role);

/** Whether the role is one that people of the place can have. */
export function isRoleOf(place: Place, role: PersonRole): boolean {
  if ('practiceId' in place) return has(practiceRoles, role);
  if ('integratorId' in place) return has(integratorRoles, role);
  return has(operatorRoles, role);
}

/**
 * When a role that is given now ends.
 * @throws ConduitError REQUEST_INVALID for a technician without an end, or with one beyond ninety
 *   days; for another role with one
 */
export function roleEnd(
  role: PersonRole,
  expiresAt: string | undefined,
  nowMs: number,
): Date | null {
  const wrong = (problem: string) =>
    new ConduitError('REQUEST_INVALID', { facts: { field: 'expiresAt', problem } });
  if (role !== 'msp-technician') {
    if (expiresAt !== undefined) throw wrong('is for technicians only');
    return null;
  }
  if (expiresAt === undefined) throw wrong('is missing: a technician comes for a time');
  const end = new Date(expiresAt);
  if (end.getTime() <= nowMs) throw wrong('must be in the future');
  if (end.getTime() > nowMs + technicianLifeMs) throw wrong('must be within ninety days');
  return end;
}
