/**
 * What the broker sends by mail: invitations and alerts. Promises: one transport, one sender and the
 * same patience for all of it; an address names one receiver and no header; what a mail server
 * answers is logged by its number alone; a server that is away fails the letter, never its sender.
 */
import { Module } from '@nestjs/common';
import { MailRoom } from '#apps/broker/src/mail/mail-room.port.js';
import { SmtpMailRoom } from '#apps/broker/src/mail/mail-room.smtp.js';

@Module({
  providers: [{ provide: MailRoom, useClass: SmtpMailRoom }],
  exports: [MailRoom],
})
export class MailModule {}
