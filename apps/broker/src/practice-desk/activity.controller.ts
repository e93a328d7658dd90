import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ExportActivityDto, ReadActivityDto } from '#apps/broker/src/practice-desk/desk-bodies.js';
import { ExportActivity } from '#apps/broker/src/practice-desk/export-activity.js';
import { ReadActivity } from '#apps/broker/src/practice-desk/read-activity.js';
import type { ActivityPage, ExportedActivity } from '#libs/console-api/practice.js';

/** What was done, in sentences. */
@Controller('console/api/practices/:practiceId/activity')
@Policy('practice', ['practice-owner', 'practice-manager', 'practice-auditor'])
export class ActivityController {
  constructor(
    private readonly activity: ReadActivity,
    private readonly file: ExportActivity,
  ) {}

  @Get()
  read(
    @Param('practiceId') practiceId: string,
    @Query() { before, ...filter }: ReadActivityDto,
  ): Promise<ActivityPage> {
    return this.activity.page(practiceId, filter, before);
  }

  @Post('export')
  @HttpCode(200)
  export(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: ExportActivityDto,
  ): Promise<ExportedActivity> {
    return this.file.execute(practiceId, person, wanted);
  }
}
