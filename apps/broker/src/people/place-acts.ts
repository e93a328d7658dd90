import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CreateInvitation } from '#apps/broker/src/people/create-invitation.js';
import { EndRole } from '#apps/broker/src/people/end-role.js';
import type { Place } from '#apps/broker/src/people/invitation-rules.js';
import { PlacePeople } from '#apps/broker/src/people/place-people.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type {
  CreatedInvitation,
  CreateInvitationRequest,
  People,
  StepUp,
} from '#libs/console-api/session.js';

/**
 * What whoever may invite can do about the people of a place: each act confirmed by a passkey over
 * what it says here. Actions: `invitation.create` with the request's own fields, `role.end` with
 * `holderId` and `role`; both with the place. Withdrawing an invitation gives nothing, so it asks none.
 */
@Injectable()
export class PlaceActs {
  constructor(
    private readonly people: PlacePeople,
    private readonly invitations: CreateInvitation,
    private readonly ends: EndRole,
    private readonly stepUps: StepUps,
  ) {}

  list(place: Place): Promise<People> {
    return this.people.list(place);
  }

  async invite(
    person: SignedInPerson,
    place: Place,
    { role, email, expiresAt, stepUp }: CreateInvitationRequest,
  ): Promise<CreatedInvitation> {
    const said = {
      role,
      ...(email !== undefined && { email }),
      ...(expiresAt !== undefined && { expiresAt }),
    };
    await this.stepUps.require(
      person,
      { type: 'invitation.create', ...placeFields(place), ...said },
      stepUp,
    );
    return this.invitations.execute({ place, ...said, invitedBy: person.personId });
  }

  withdraw(person: SignedInPerson, place: Place, invitationId: string): Promise<void> {
    return this.ends.withdraw(place, invitationId, person.personId);
  }

  async endRole(
    person: SignedInPerson,
    place: Place,
    held: { holderId: string; role: string },
    stepUp: StepUp,
  ): Promise<void> {
    const action = { type: 'role.end', ...placeFields(place), ...held };
    await this.stepUps.require(person, action, stepUp);
    await this.ends.execute(place, held.holderId, held.role, person.personId);
  }
}

function placeFields(place: Place): Record<string, string> {
  if ('practiceId' in place) return { practiceId: place.practiceId };
  return 'integratorId' in place ? { integratorId: place.integratorId } : {};
}
