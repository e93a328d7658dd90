import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ActRequestBook } from '#apps/broker/src/fleet/act-request-book.js';
import { ApproveAct, DeclineAct } from '#apps/broker/src/fleet/approve-act.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import type { ActRequests } from '#libs/console-api/operator.js';

/** Acts that take two people: what waits, and the second one's word. */
@Controller('console/api/operator/requests')
@Policy('operator', ['operator-security'])
export class ActRequestsController {
  constructor(
    private readonly book: ActRequestBook,
    private readonly approvals: ApproveAct,
    private readonly refusals: DeclineAct,
  ) {}

  @Get()
  @Policy('operator', ['operator-support', 'operator-security'])
  list(@Person() { personId }: SignedInPerson): Promise<ActRequests> {
    return this.book.list(personId);
  }

  @Post(':requestId/approve')
  @HttpCode(204)
  approve(
    @Person() person: SignedInPerson,
    @Param('requestId') requestId: string,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.approvals.execute(person, requestId, stepUp);
  }

  /** A no; of one's own request a withdrawal. */
  @Post(':requestId/decline')
  @HttpCode(204)
  decline(@Person() person: SignedInPerson, @Param('requestId') requestId: string): Promise<void> {
    return this.refusals.execute(person, requestId);
  }
}
