import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { Person, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { PageQueryDto } from '#apps/broker/src/fleet/fleet-bodies.js';
import { ListIntegrators } from '#apps/broker/src/fleet/list-integrators.js';
import { ListPractices } from '#apps/broker/src/fleet/list-practices.js';
import { Onboard } from '#apps/broker/src/fleet/onboard.js';
import {
  OrderEnrolmentCodeDto,
  RegisterIntegratorDto,
} from '#apps/broker/src/fleet/onboarding-bodies.js';
import type {
  IntegratorPage,
  OrderedEnrolmentCode,
  PracticeFile,
  PracticePage,
} from '#libs/console-api/operator.js';
import { CreatePracticeDto } from '#libs/contracts/operator.js';

/** Practices, sites and integrators: who is here, and bringing them in. */
@Controller('console/api/operator')
@Policy('operator', ['operator-support', 'operator-security'])
export class OnboardingController {
  constructor(
    private readonly practices: ListPractices,
    private readonly integrators: ListIntegrators,
    private readonly onboard: Onboard,
  ) {}

  @Get('practices')
  listPractices(@Query() { search, page }: PageQueryDto): Promise<PracticePage> {
    return this.practices.execute(search ?? '', Number(page ?? 1));
  }

  @Post('practices')
  createPractice(
    @Person() person: SignedInPerson,
    @Body() { name }: CreatePracticeDto,
  ): Promise<{ practiceId: string }> {
    return this.onboard.practice(person, name);
  }

  @Get('practices/:practiceId')
  findPractice(@Param('practiceId') practiceId: string): Promise<PracticeFile> {
    return this.practices.find(practiceId);
  }

  @Post('practices/:practiceId/enrolment-codes')
  orderCode(
    @Person() person: SignedInPerson,
    @Param('practiceId') practiceId: string,
    @Body() order: OrderEnrolmentCodeDto,
  ): Promise<OrderedEnrolmentCode> {
    return this.onboard.sites(person, practiceId, order);
  }

  @Get('integrators')
  listIntegrators(@Query() { search, page }: PageQueryDto): Promise<IntegratorPage> {
    return this.integrators.execute(search ?? '', Number(page ?? 1));
  }

  @Post('integrators')
  @Policy('operator', ['operator-security'])
  registerIntegrator(
    @Person() person: SignedInPerson,
    @Body() order: RegisterIntegratorDto,
  ): Promise<{ integratorId: string }> {
    return this.onboard.integrator(person, order);
  }
}
