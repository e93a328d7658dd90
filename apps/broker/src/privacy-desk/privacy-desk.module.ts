/**
 * The practice's privacy desk: requests for access and correction and complaints, each with its clock of
 * thirty days. Promises: nobody is named and nothing about health has a field; a disclosure needs an
 * identity that was checked, a refusal its grounds; every step is kept with who did it, and audited.
 * Consent that patients withdraw is kept on the practice's server and never comes here.
 */
import { Module } from '@nestjs/common';
import { MailModule } from '#apps/broker/src/mail/mail.module.js';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { PrivacyController } from '#apps/broker/src/privacy-desk/privacy.controller.js';
import { PrivacyMail } from '#apps/broker/src/privacy-desk/privacy-mail.js';
import { PrivacyRegister } from '#apps/broker/src/privacy-desk/privacy-register.js';
import { RemindPrivacy } from '#apps/broker/src/privacy-desk/remind-privacy.js';
import { ShowPrivacy } from '#apps/broker/src/privacy-desk/show-privacy.js';

@Module({
  imports: [MailModule],
  controllers: [PrivacyController],
  providers: [ActivityPeople, PrivacyMail, PrivacyRegister, RemindPrivacy, ShowPrivacy],
})
export class PrivacyDeskModule {}
