import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ExportActivityDto, ReadActivityDto } from '#apps/broker/src/activity/activity-bodies.js';
import { ActivityDesk } from '#apps/broker/src/activity/activity-desk.js';
import type { ActivityPage } from '#libs/console-api/activity.js';

/** What the operator's own people did, in sentences, to its security officers alone. */
@Controller('console/api/operator/activity')
@Policy('operator', ['operator-security'])
export class OperatorActivityController {
  constructor(private readonly desk: ActivityDesk) {}

  @Get()
  read(@Person() person: SignedInPerson, @Query() wanted: ReadActivityDto): Promise<ActivityPage> {
    return this.desk.read({ kind: 'operator' }, person, wanted);
  }

  @Post('export')
  @HttpCode(200)
  export(
    @Person() person: SignedInPerson,
    @Body() wanted: ExportActivityDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.desk.export({ kind: 'operator' }, person, wanted, reply);
  }
}
