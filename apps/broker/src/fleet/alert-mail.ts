/**
 * Alerts by mail, where a mail server is set. A mail names agents by id and what is wrong with them
 * by words of ours: practices and their people are in the console, behind the sign-in.
 */
import { Injectable } from '@nestjs/common';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import {
  alertTitles,
  toUtc,
  type AlertWord,
  type NoticeOutcome,
} from '#apps/broker/src/fleet/alert-words.js';
import { OwnerMail } from '#apps/broker/src/fleet/owner-mail.js';
import { MailRoom } from '#apps/broker/src/mail/mail-room.port.js';

/** More would be read by nobody; the console has them all. */
const MOST_LINES = 20;

@Injectable()
export class AlertMail {
  constructor(
    private readonly room: MailRoom,
    private readonly origin: ConsoleOrigin,
    private readonly owners: OwnerMail,
  ) {}

  /** To an owner of the practice, in words for one. */
  sendToOwner(personId: string, word: AlertWord): Promise<NoticeOutcome> {
    return this.owners.send(personId, word);
  }

  /** Without a mail server nothing can be sent, now or later. */
  send(to: string, words: readonly AlertWord[]): Promise<NoticeOutcome> {
    const text = textOf(words, this.origin.link('/console/operator'));
    return this.room.send({ to, subject: subjectOf(words), text });
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
