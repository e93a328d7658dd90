/** sent: a mail server took it; later: it may yet; never: it will not, or there is none. */
export type MailOutcome = 'sent' | 'later' | 'never';

/** Plain text of ours to one address. */
export interface Letter {
  to: string;
  subject: string;
  text: string;
}

export abstract class MailRoom {
  /** Never rejects. */
  abstract send(letter: Letter): Promise<MailOutcome>;
}
