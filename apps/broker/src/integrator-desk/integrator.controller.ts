import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import {
  DeclarationDto,
  ReadUsageReportDto,
} from '#apps/broker/src/integrator-desk/desk-bodies.js';
import { DeskBook } from '#apps/broker/src/integrator-desk/desk-book.js';
import { ShowHome } from '#apps/broker/src/integrator-desk/show-home.js';
import type {
  IntegratorHome,
  PairedSite,
  Profile,
  UsageReport,
} from '#libs/console-api/integrator.js';

const DEFAULT_DAYS = 30;

/** Where an integrator stands, what it declares, where it may go, what it used. */
@Controller('console/api/integrators/:integratorId')
@Policy('integrator', ['integrator-admin', 'integrator-developer'])
export class IntegratorController {
  constructor(
    private readonly home: ShowHome,
    private readonly book: DeskBook,
  ) {}

  @Get()
  read(@Param('integratorId') integratorId: string): Promise<IntegratorHome> {
    return this.home.execute(integratorId);
  }

  @Get('profile')
  readProfile(@Param('integratorId') integratorId: string): Promise<Profile> {
    return this.book.profile.read(integratorId);
  }

  @Put('profile')
  @Policy('integrator', ['integrator-admin'])
  declare(
    @Param('integratorId') integratorId: string,
    @Person() { personId }: SignedInPerson,
    @Body() wanted: DeclarationDto,
  ): Promise<Profile> {
    return this.book.profile.declare(integratorId, personId, wanted);
  }

  @Get('sites')
  listSites(@Param('integratorId') integratorId: string): Promise<PairedSite[]> {
    return this.book.sites.execute(integratorId);
  }

  @Get('usage')
  readUsage(
    @Param('integratorId') integratorId: string,
    @Query() { days }: ReadUsageReportDto,
  ): Promise<UsageReport> {
    return this.book.usage.execute(integratorId, Number(days ?? DEFAULT_DAYS));
  }
}
