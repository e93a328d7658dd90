import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CreateEnrolmentCode } from '#apps/broker/src/enrolment/create-enrolment-code.js';
import { RegisterIntegrator } from '#apps/broker/src/integrators/register-integrator.js';
import { RegisterPractice } from '#apps/broker/src/operator/register-practice.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type {
  OrderedEnrolmentCode,
  OrderEnrolmentCodeRequest,
  RegisterIntegratorRequest,
} from '#libs/console-api/operator.js';

/** Brings in practices, their sites and integrators. Nobody brought in may do anything by it. */
@Injectable()
export class Onboard {
  constructor(
    private readonly practices: RegisterPractice,
    private readonly integrators: RegisterIntegrator,
    private readonly enrolment: CreateEnrolmentCode,
    private readonly stepUps: StepUps,
  ) {}

  practice({ personId }: SignedInPerson, name: string): Promise<{ practiceId: string }> {
    return this.practices.execute({ name }, personId);
  }

  /** @throws ConduitError STEP_UP_REFUSED; InvalidFields for a purpose that cannot be granted */
  async integrator(
    person: SignedInPerson,
    { stepUp, ...order }: RegisterIntegratorRequest,
  ): Promise<{ integratorId: string }> {
    await this.stepUps.require(person, { type: 'integrator.register', ...order }, stepUp);
    return this.integrators.execute(order, person.personId);
  }

  /**
   * The sites come into being when the code is redeemed.
   * @throws ConduitError REGISTRY_ENTRY_NOT_FOUND, STEP_UP_REFUSED; REQUEST_INVALID for a site of
   *   another practice
   */
  async sites(
    person: SignedInPerson,
    practiceId: string,
    order: OrderEnrolmentCodeRequest,
  ): Promise<OrderedEnrolmentCode> {
    await this.practices.require(practiceId);
    const asked = order.sites.map(({ siteId, name, pmsType, pmsSiteId, isSandbox }) => ({
      ...(siteId !== undefined && { siteId }),
      ...{ name, pmsType, pmsSiteId },
      ...(isSandbox === true && { isSandbox }),
    }));
    const action = { type: 'enrolment-code.create', practiceId, sites: asked };
    await this.stepUps.require(person, action, order.stepUp);
    const { codeId, code, expiresAt } = await this.enrolment.execute({
      practiceId,
      sites: asked.map((site) => ({ ...site, siteId: site.siteId?.toLowerCase() ?? randomUUID() })),
      actorRef: person.personId,
    });
    return { codeId, code: code.reveal(), expiresAt: expiresAt.toISOString() };
  }
}
