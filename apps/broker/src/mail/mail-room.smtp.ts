import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { MailRoom, type Letter, type MailOutcome } from '#apps/broker/src/mail/mail-room.port.js';

const TIMEOUT_MS = 15_000;
/** From here on a mail server says that it will never take this (RFC 5321 §4.2.1). */
const PERMANENT = 500;

/** Over SMTP, where a mail server is set. A refusal is logged by its number: its words name people. */
@Injectable()
export class SmtpMailRoom extends MailRoom implements OnApplicationShutdown {
  private readonly transport: Transporter | undefined;

  constructor(
    private readonly config: BrokerConfig,
    private readonly log: EventLog,
  ) {
    super();
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

  override async send({ to, subject, text }: Letter): Promise<MailOutcome> {
    if (!this.transport) return 'never';
    try {
      const receiver = { name: '', address: to };
      await this.transport.sendMail({ from: this.config.mailFrom, to: receiver, subject, text });
      return 'sent';
    } catch (error) {
      const code = (error as { responseCode?: unknown }).responseCode;
      this.log.write('mail.failed', typeof code === 'number' ? { responseCode: code } : {});
      return typeof code === 'number' && code >= PERMANENT ? 'never' : 'later';
    }
  }

  onApplicationShutdown(): void {
    this.transport?.close();
  }
}
