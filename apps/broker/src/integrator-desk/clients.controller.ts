import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ClientDesk } from '#apps/broker/src/integrator-desk/client-desk.js';
import { CreateClientDto } from '#apps/broker/src/integrator-desk/desk-bodies.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import type { OauthClients } from '#libs/console-api/integrator.js';

/** An integrator's OAuth clients: developers see which there are, administrators make and end them. */
@Controller('console/api/integrators/:integratorId/oauth-clients')
@Policy('integrator', ['integrator-admin'])
export class ClientsController {
  constructor(private readonly desk: ClientDesk) {}

  @Get()
  @Policy('integrator', ['integrator-admin', 'integrator-developer'])
  list(@Param('integratorId') integratorId: string): Promise<OauthClients> {
    return this.desk.list(integratorId);
  }

  @Post()
  create(
    @Param('integratorId') integratorId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: CreateClientDto,
  ): Promise<{ clientId: string }> {
    return this.desk.create(integratorId, person, wanted);
  }

  @Delete(':clientId')
  @HttpCode(204)
  revoke(
    @Param('integratorId') integratorId: string,
    @Param('clientId') clientId: string,
    @Person() person: SignedInPerson,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.desk.revoke(integratorId, person, clientId, stepUp);
  }
}
