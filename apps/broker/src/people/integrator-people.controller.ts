import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CreateInvitationDto, StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { PlaceActs } from '#apps/broker/src/people/place-acts.js';
import type { CreatedInvitation, People } from '#libs/console-api/session.js';

/** The people of an integrator: its administrators invite them and let them go. */
@Controller('console/api/integrators/:integratorId')
@Policy('integrator', ['integrator-admin'])
export class IntegratorPeopleController {
  constructor(private readonly acts: PlaceActs) {}

  @Get('people')
  @Policy('integrator', ['integrator-admin', 'integrator-developer'])
  list(@Param('integratorId') integratorId: string): Promise<People> {
    return this.acts.list({ integratorId });
  }

  @Post('invitations')
  invite(
    @Person() person: SignedInPerson,
    @Param('integratorId') integratorId: string,
    @Body() order: CreateInvitationDto,
  ): Promise<CreatedInvitation> {
    return this.acts.invite(person, { integratorId }, order);
  }

  @Delete('invitations/:invitationId')
  @HttpCode(204)
  withdraw(
    @Person() person: SignedInPerson,
    @Param('integratorId') integratorId: string,
    @Param('invitationId') invitationId: string,
  ): Promise<void> {
    return this.acts.withdraw(person, { integratorId }, invitationId);
  }

  @Delete('people/:holderId/roles/:role')
  @HttpCode(204)
  endRole(
    @Person() person: SignedInPerson,
    @Param('integratorId') integratorId: string,
    @Param('holderId') holderId: string,
    @Param('role') role: string,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.acts.endRole(person, { integratorId }, { holderId, role }, stepUp);
  }
}
