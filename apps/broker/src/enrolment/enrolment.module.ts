/**
 * How an agent becomes one of ours and how it comes back after a long outage: one-time codes,
 * challenges, certificates, the signed time. Promises: a code works once, for one practice; a key
 * gets one certificate; refusals tell a stranger nothing; every identity given is in the audit.
 */
import { Module } from '@nestjs/common';
import { AuthorityModule } from '#apps/broker/src/enrolment/authority.module.js';
import { CertifyAgent } from '#apps/broker/src/enrolment/certify-agent.js';
import { Challenges } from '#apps/broker/src/enrolment/challenges.js';
import { CreateEnrolmentCode } from '#apps/broker/src/enrolment/create-enrolment-code.js';
import { EnrolmentController } from '#apps/broker/src/enrolment/enrolment.controller.js';
import { RecoverAgent } from '#apps/broker/src/enrolment/recover-agent.js';
import { RedeemEnrolmentCode } from '#apps/broker/src/enrolment/redeem-enrolment-code.js';
import { SignedTime } from '#apps/broker/src/enrolment/signed-time.js';

@Module({
  imports: [AuthorityModule],
  controllers: [EnrolmentController],
  providers: [
    CertifyAgent,
    Challenges,
    CreateEnrolmentCode,
    RecoverAgent,
    RedeemEnrolmentCode,
    SignedTime,
  ],
  exports: [CertifyAgent, CreateEnrolmentCode],
})
export class EnrolmentModule {}
