/**
 * Sends an invitation's link by mail where a mail server is set. The mail says nothing but that there
 * is an invitation and until when: whoever reads along learns no name and no practice.
 */
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';

const TIMEOUT_MS = 15_000;

@Injectable()
export class InvitationMail implements OnApplicationShutdown {
  private readonly transport: Transporter | undefined;

  constructor(
    private readonly config: BrokerConfig,
    private readonly log: EventLog,
  ) {
    this.transport =
      config.smtpUrl &&
      createTransport({
        url: config.smtpUrl.reveal(),
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
        // A message is text of ours: nothing is fetched or read for it.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
  }

  /** @returns whether the mail server took it; where it did not, the link has to be handed over */
  async send(to: string, link: string, endsAt: Date): Promise<boolean> {
    if (!this.transport) return false;
    try {
      await this.transport.sendMail({
        from: this.config.mailFrom,
        to: { name: '', address: to },
        subject: 'Your invitation to Conduit',
        text: invitationText(link, endsAt),
      });
      return true;
    } catch (error) {
      const code = (error as { responseCode?: unknown }).responseCode;
      this.log.write('mail.failed', typeof code === 'number' ? { responseCode: code } : {});
      return false;
    }
  }

  onApplicationShutdown(): void {
    this.transport?.close();
  }
}

const invitationText = (link: string, endsAt: Date): string =>
  `Hello,

you have been invited to Conduit. Open this link on the device that you will sign in with:

${link}

It works once, until ${endsAt.toISOString().slice(0, 16).replace('T', ' ')} UTC. If you expected no
invitation, delete this message: nothing happens without the link.
`;
