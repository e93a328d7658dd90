import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CreateEnrolmentCode } from '#apps/broker/src/enrolment/create-enrolment-code.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import type { InstallCode, OrderInstallCodeRequest } from '#libs/console-api/practice.js';

/** A one-time code with which Conduit is set up on a server of the practice. */
@Injectable()
export class OrderInstallCode {
  constructor(
    private readonly book: PracticeBook,
    private readonly stepUps: StepUps,
    private readonly enrolment: CreateEnrolmentCode,
  ) {}

  /** @throws ConduitError STEP_UP_REFUSED; CONSOLE_ENTRY_NOT_FOUND for another practice's site */
  async execute(
    practiceId: string,
    person: SignedInPerson,
    { sites, stepUp }: OrderInstallCodeRequest,
  ): Promise<InstallCode> {
    const asked = sites.map(({ siteId, name, pmsType, pmsSiteId }) => ({
      ...(siteId !== undefined && { siteId }),
      ...{ name, pmsType, pmsSiteId },
    }));
    const action = { type: 'enrolment-code.create', practiceId, sites: asked };
    await this.stepUps.require(person, action, stepUp);
    for (const { siteId } of asked) {
      if (siteId !== undefined) await this.book.site(practiceId, siteId.toLowerCase());
    }
    const { code, expiresAt } = await this.enrolment.execute({
      practiceId,
      sites: asked.map((site) => ({ ...site, siteId: site.siteId?.toLowerCase() ?? randomUUID() })),
      actorRef: person.personId,
    });
    return { code: code.reveal(), expiresAt: expiresAt.toISOString() };
  }
}
