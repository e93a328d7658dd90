import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CreateInvitationDto, StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import { PlaceActs } from '#apps/broker/src/people/place-acts.js';
import type { CreatedInvitation, People } from '#libs/console-api/session.js';

/** The people of a practice: its owner invites them and lets them go. */
@Controller('console/api/practices/:practiceId')
@Policy('practice', ['practice-owner'])
export class PracticePeopleController {
  constructor(private readonly acts: PlaceActs) {}

  @Get('people')
  @Policy('practice', ['practice-owner', 'practice-manager'])
  list(@Param('practiceId') practiceId: string): Promise<People> {
    return this.acts.list({ practiceId });
  }

  @Post('invitations')
  invite(
    @Person() person: SignedInPerson,
    @Param('practiceId') practiceId: string,
    @Body() order: CreateInvitationDto,
  ): Promise<CreatedInvitation> {
    return this.acts.invite(person, { practiceId }, order);
  }

  @Delete('invitations/:invitationId')
  @HttpCode(204)
  withdraw(
    @Person() person: SignedInPerson,
    @Param('practiceId') practiceId: string,
    @Param('invitationId') invitationId: string,
  ): Promise<void> {
    return this.acts.withdraw(person, { practiceId }, invitationId);
  }

  @Delete('people/:holderId/roles/:role')
  @HttpCode(204)
  endRole(
    @Person() person: SignedInPerson,
    @Param('practiceId') practiceId: string,
    @Param('holderId') holderId: string,
    @Param('role') role: string,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.acts.endRole(person, { practiceId }, { holderId, role }, stepUp);
  }
}
