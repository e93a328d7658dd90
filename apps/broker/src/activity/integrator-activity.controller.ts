import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ExportActivityDto, ReadActivityDto } from '#apps/broker/src/activity/activity-bodies.js';
import { ActivityDesk } from '#apps/broker/src/activity/activity-desk.js';
import type { ActivityPage } from '#libs/console-api/activity.js';

/** What an integrator did and what was decided about it, in sentences. */
@Controller('console/api/integrators/:integratorId/activity')
@Policy('integrator', ['integrator-admin', 'integrator-developer'])
export class IntegratorActivityController {
  constructor(private readonly desk: ActivityDesk) {}

  @Get()
  read(
    @Param('integratorId') integratorId: string,
    @Person() person: SignedInPerson,
    @Query() wanted: ReadActivityDto,
  ): Promise<ActivityPage> {
    return this.desk.read({ kind: 'integrator', integratorId }, person, wanted);
  }

  @Post('export')
  @HttpCode(200)
  export(
    @Param('integratorId') integratorId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: ExportActivityDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.desk.export({ kind: 'integrator', integratorId }, person, wanted, reply);
  }
}
