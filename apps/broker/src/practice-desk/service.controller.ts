import { Body, Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CheckServer } from '#apps/broker/src/practice-desk/check-server.js';
import {
  OrderInstallCodeDto,
  SetUpdateWindowDto,
} from '#apps/broker/src/practice-desk/desk-bodies.js';
import { OrderInstallCode } from '#apps/broker/src/practice-desk/order-install-code.js';
import { SetUpdateWindow } from '#apps/broker/src/practice-desk/set-update-window.js';
import { ShowService } from '#apps/broker/src/practice-desk/show-service.js';
import type { InstallCode, LogBundle, Service, UpdateWindows } from '#libs/console-api/practice.js';

/** For whoever looks after the practice's server. */
@Controller('console/api/practices/:practiceId/service')
@Policy('practice', ['practice-owner', 'msp-technician'])
export class ServiceController {
  constructor(
    private readonly service: ShowService,
    private readonly codes: OrderInstallCode,
    private readonly checks: CheckServer,
    private readonly windows: SetUpdateWindow,
  ) {}

  @Get()
  read(@Param('practiceId') practiceId: string): Promise<Service> {
    return this.service.execute(practiceId);
  }

  @Get('log-bundle')
  logBundle(@Param('practiceId') practiceId: string): Promise<LogBundle> {
    return this.service.logBundle(practiceId);
  }

  @Get('update-windows')
  @Policy('practice', ['practice-owner', 'practice-manager'])
  updateWindows(@Param('practiceId') practiceId: string): Promise<UpdateWindows> {
    return this.service.updateWindows(practiceId);
  }

  @Post('agents/:agentId/checks')
  @HttpCode(202)
  check(
    @Param('practiceId') practiceId: string,
    @Param('agentId') agentId: string,
    @Person() person: SignedInPerson,
  ): Promise<void> {
    return this.checks.execute(practiceId, person, agentId);
  }

  @Put('agents/:agentId/update-window')
  @HttpCode(204)
  @Policy('practice', ['practice-owner', 'practice-manager', 'msp-technician'])
  setUpdateWindow(
    @Param('practiceId') practiceId: string,
    @Param('agentId') agentId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: SetUpdateWindowDto,
  ): Promise<void> {
    return this.windows.execute(practiceId, person, agentId, wanted);
  }

  @Post('install-codes')
  orderCode(
    @Param('practiceId') practiceId: string,
    @Person() person: SignedInPerson,
    @Body() wanted: OrderInstallCodeDto,
  ): Promise<InstallCode> {
    return this.codes.execute(practiceId, person, wanted);
  }
}
