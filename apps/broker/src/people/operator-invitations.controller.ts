import { Body, Controller, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { CreateInvitation } from '#apps/broker/src/people/create-invitation.js';
import { FirstPeople } from '#apps/broker/src/people/first-people.js';
import type { CreatedInvitation } from '#libs/console-api/session.js';
import { InviteFirstDto } from '#libs/contracts/operator.js';

/**
 * Invitations by whoever has the token of the broker's own machine: the very first people, and those
 * who lost every passkey. The trail says that it was the operator.
 */
@Controller('operator/invitations')
@Policy('operatorToken')
export class OperatorInvitationsController {
  constructor(
    private readonly invitations: CreateInvitation,
    private readonly first: FirstPeople,
  ) {}

  @Post()
  async invite(@Body() order: InviteFirstDto): Promise<CreatedInvitation> {
    const { role, practiceId, integratorId, email } = order;
    const tenant =
      practiceId !== undefined
        ? { practiceId }
        : integratorId !== undefined
          ? { integratorId }
          : undefined;
    if (tenant) await this.first.requireTenant(tenant);
    return this.invitations.execute({
      place: tenant ?? { operator: true },
      role,
      ...(email !== undefined && { email }),
      invitedBy: 'operator',
    });
  }
}
