import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AskSite } from '#apps/broker/src/integrator-desk/ask-site.js';
import {
  DeclarationDto,
  ReadUsageReportDto,
} from '#apps/broker/src/integrator-desk/desk-bodies.js';
import { DeskBook } from '#apps/broker/src/integrator-desk/desk-book.js';
import { ShowHome } from '#apps/broker/src/integrator-desk/show-home.js';
import type {
  AskedState,
  IntegratorHome,
  PairedSite,
  Profile,
  UsageReport,
} from '#libs/console-api/integrator.js';
import { AskAccessDto } from '#libs/contracts/sites.js';

const DEFAULT_DAYS = 30;

/** Where an integrator stands, what it declares, where it may go, what it used. */
@Controller('console/api/integrators/:integratorId')
@Policy('integrator', ['integrator-admin', 'integrator-developer'])
export class IntegratorController {
  constructor(
    private readonly home: ShowHome,
    private readonly book: DeskBook,
    private readonly asking: AskSite,
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

  @Post('sites/:siteId/access')
  @HttpCode(202)
  @Policy('integrator', ['integrator-admin'])
  ask(
    @Param('integratorId') integratorId: string,
    @Param('siteId') siteId: string,
    @Person() { personId }: SignedInPerson,
    @Body() { scopes = [], catalogues = [], purposes = [] }: AskAccessDto,
  ): Promise<AskedState> {
    const more = { scopes, catalogues, purposes };
    return this.asking.execute({ integratorId, personId, siteId, more });
  }

  @Get('usage')
  readUsage(
    @Param('integratorId') integratorId: string,
    @Query() { days }: ReadUsageReportDto,
  ): Promise<UsageReport> {
    return this.book.usage.execute(integratorId, Number(days ?? DEFAULT_DAYS));
  }
}
