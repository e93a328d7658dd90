import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CreateApiKeyDto, RotateKeyDto } from '#apps/broker/src/integrator-desk/desk-bodies.js';
import { KeyDesk } from '#apps/broker/src/integrator-desk/key-desk.js';
import { StepUpRequestDto } from '#apps/broker/src/people/people-bodies.js';
import type { ApiKeys, MadeKey } from '#libs/console-api/integrator.js';

/** An integrator's API keys: developers see which there are, administrators make and end them. */
@Controller('console/api/integrators/:integratorId/keys')
@Policy('integrator', ['integrator-admin'])
export class KeysController {
  constructor(private readonly desk: KeyDesk) {}

  @Get()
  @Policy('integrator', ['integrator-admin', 'integrator-developer'])
  list(@Param('integratorId') integratorId: string): Promise<ApiKeys> {
    return this.desk.list(integratorId);
  }

  @Post()
  create(
    @Param('integratorId') integratorId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: CreateApiKeyDto,
  ): Promise<MadeKey> {
    return this.desk.create(integratorId, person, wanted);
  }

  @Post(':keyId/rotate')
  rotate(
    @Param('integratorId') integratorId: string,
    @Param('keyId') keyId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: RotateKeyDto,
  ): Promise<MadeKey> {
    return this.desk.rotate(integratorId, person, keyId, wanted);
  }

  @Delete(':keyId')
  @HttpCode(204)
  revoke(
    @Param('integratorId') integratorId: string,
    @Param('keyId') keyId: string,
    @Person() person: SignedInPerson,
    @Body() { stepUp }: StepUpRequestDto,
  ): Promise<void> {
    return this.desk.revoke(integratorId, person, keyId, stepUp);
  }
}
