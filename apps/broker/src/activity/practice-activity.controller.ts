import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ExportActivityDto, ReadActivityDto } from '#apps/broker/src/activity/activity-bodies.js';
import { ActivityDesk } from '#apps/broker/src/activity/activity-desk.js';
import type { ActivityPage } from '#libs/console-api/activity.js';

/** What was done at a practice, in sentences. */
@Controller('console/api/practices/:practiceId/activity')
@Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
export class PracticeActivityController {
  constructor(private readonly desk: ActivityDesk) {}

  @Get()
  read(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Query() wanted: ReadActivityDto,
  ): Promise<ActivityPage> {
    return this.desk.read({ kind: 'practice', practiceId }, person, wanted);
  }

  @Post('export')
  @HttpCode(200)
  export(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: ExportActivityDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.desk.export({ kind: 'practice', practiceId }, person, wanted, reply);
  }
}
