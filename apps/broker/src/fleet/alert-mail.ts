/**
 * Alerts by mail, where a mail server is set. A mail names agents by id and what is wrong with them
 * by words of ours: practices and their people are in the console, behind the sign-in.
 */
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import {
  alertTitles,
  toUtc,
  type AlertWord,
  type NoticeOutcome,
} from '#apps/broker/src/fleet/alert-words.js';

const TIMEOUT_MS = 15_000;
/** More would be read by nobody; the console has them all. */
const MOST_LINES = 20;
/** From here on a mail server says that it will never take this (RFC 5321 §4.2.1). */
const PERMANENT = 500;

@Injectable()
export class AlertMail implements OnApplicationShutdown {
  private readonly transport: Transporter | undefined;

  constructor(
    private readonly config: BrokerConfig,
    private readonly origin: ConsoleOrigin,
  ) {
    this.transport =
      config.smtpUrl &&
      createTransport({
        url: config.smtpUrl.reveal(),
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
  }

  /** Without a mail server nothing can be sent, now or later. */
  async send(to: string, words: readonly AlertWord[]): Promise<NoticeOutcome> {
    if (!this.transport) return 'never';
    try {
      await this.transport.sendMail({
        from: this.config.mailFrom,
        to: { name: '', address: to },
        subject: subjectOf(words),
        text: textOf(words, this.origin.link('/console/operator')),
      });
      return 'sent';
    } catch (error) {
      const code = (error as { responseCode?: unknown }).responseCode;
      return typeof code === 'number' && code >= PERMANENT ? 'never' : 'later';
    }
  }

  onApplicationShutdown(): void {
    this.transport?.close();
  }
}

export function subjectOf(words: readonly AlertWord[]): string {
  const opened = words.filter(({ what }) => what === 'opened');
  const [first] = opened;
  if (!first) return `Conduit: ${words.length === 1 ? 'over' : `${words.length} alerts are over`}`;
  if (opened.length === 1) return `Conduit: ${alertTitles[first.kind]}`;
  return `Conduit: ${opened.length} alerts`;
}

export function textOf(words: readonly AlertWord[], consoleUrl: string): string {
  const lines = words.slice(0, MOST_LINES).map((word) => {
    const { kind, agentId, cause, what, openedAt, closedAt } = word;
    const end = what === 'closed' && closedAt ? `, over since ${toUtc(closedAt)}` : '';
    const place = `${consoleUrl}/agents/${agentId}`;
    return `${alertTitles[kind]} (${cause}), since ${toUtc(openedAt)}${end}\n${place}`;
  });
  const rest = words.length - lines.length;
  if (rest > 0) lines.push(`and ${rest} more: ${consoleUrl}/alerts`);
  return `${lines.join('\n\n')}\n`;
}
