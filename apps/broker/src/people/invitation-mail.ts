/**
 * Sends an invitation's link by mail where a mail server is set. The mail says nothing but that there
 * is an invitation and until when: whoever reads along learns no name and no practice.
 */
import { Injectable } from '@nestjs/common';
import { MailRoom } from '#apps/broker/src/mail/mail-room.port.js';

@Injectable()
export class InvitationMail {
  constructor(private readonly room: MailRoom) {}

  /** @returns whether the mail server took it; where it did not, the link has to be handed over */
  async send(to: string, link: string, endsAt: Date): Promise<boolean> {
    const subject = 'Your invitation to Conduit';
    return (await this.room.send({ to, subject, text: invitationText(link, endsAt) })) === 'sent';
  }
}

const invitationText = (link: string, endsAt: Date): string =>
  `Hello,

you have been invited to Conduit. Open this link on the device that you will sign in with:

${link}

It works once, until ${endsAt.toISOString().slice(0, 16).replace('T', ' ')} UTC. If you expected no
invitation, delete this message: nothing happens without the link.
`;
