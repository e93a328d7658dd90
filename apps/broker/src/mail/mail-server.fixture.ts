/** A real mail server that keeps what it is given, or refuses, and a mail room that sends to it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { SmtpMailRoom } from '#apps/broker/src/mail/mail-room.smtp.js';
import { Secret } from '#libs/kernel/secret.js';

export const ourAddress = 'conduit@example.org';

export interface TakenLetter {
  from: string;
  to: string[];
  text: string;
}

/** @param refusal every receiver is refused with its SMTP `responseCode` */
export async function aMailServer(refusal?: Error & { responseCode: number }) {
  const taken: TakenLetter[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: (_address, _session, done) => done(refusal),
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        const to = envelope.rcptTo.map(({ address }) => address);
        taken.push({ from, to, text: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const config = Object.assign(new BrokerConfig(), {
    smtpUrl: new Secret(`smtp://127.0.0.1:${port}`),
    mailFrom: ourAddress,
  });
  const log = new MemoryEventLog();
  const room = new SmtpMailRoom(config, log);
  const close = async () => {
    room.onApplicationShutdown();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { room, taken, log, close };
}

/** @returns how a mail server says no, in words that name somebody */
export const aRefusal = (responseCode: number): Error & { responseCode: number } =>
  Object.assign(new Error('no such Zz Alex'), { responseCode });

/** Of a broker without a mail server. */
export const noMailServer = (): SmtpMailRoom =>
  new SmtpMailRoom(new BrokerConfig(), new MemoryEventLog());
