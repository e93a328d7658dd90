import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { FirstPeople } from '#apps/broker/src/people/first-people.js';
import { CreateInvitationDto, StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { PlaceActs } from '#apps/broker/src/people/place-acts.js';
import type { CreatedInvitation, People } from '#libs/console-api/session.js';

const place = { operator: true } as const;

/**
 * The operator's own people, and the first person of a practice or an integrator: never who else is
 * there, never a further one.
 */
@Controller('console/api/operator')
@Policy('operator', ['operator-security'])
export class OperatorPeopleController {
  constructor(
    private readonly acts: PlaceActs,
    private readonly first: FirstPeople,
  ) {}

  @Get('people')
  list(): Promise<People> {
    return this.acts.list(place);
  }

  @Post('invitations')
  invite(
    @Person() person: SignedInPerson,
    @Body() order: CreateInvitationDto,
  ): Promise<CreatedInvitation> {
    return this.acts.invite(person, place, order);
  }

  @Delete('invitations/:invitationId')
  @HttpCode(204)
  withdraw(
    @Person() person: SignedInPerson,
    @Param('invitationId') invitationId: string,
  ): Promise<void> {
    return this.acts.withdraw(person, place, invitationId);
  }

  @Delete('people/:holderId/roles/:role')
  @HttpCode(204)
  endRole(
    @Person() person: SignedInPerson,
    @Param('holderId') holderId: string,
    @Param('role') role: string,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.acts.endRole(person, place, { holderId, role }, stepUp);
  }

  /** Of a practice that has no owner yet. */
  @Post('practices/:practiceId/first-owner')
  async inviteOwner(
    @Person() person: SignedInPerson,
    @Param('practiceId') practiceId: string,
    @Body() order: CreateInvitationDto,
  ): Promise<CreatedInvitation> {
    await this.first.require({ practiceId }, order.role);
    return this.acts.invite(person, { practiceId }, order);
  }

  /** Of an integrator that has no administrator yet. */
  @Post('integrators/:integratorId/first-admin')
  async inviteAdmin(
    @Person() person: SignedInPerson,
    @Param('integratorId') integratorId: string,
    @Body() order: CreateInvitationDto,
  ): Promise<CreatedInvitation> {
    await this.first.require({ integratorId }, order.role);
    return this.acts.invite(person, { integratorId }, order);
  }
}
