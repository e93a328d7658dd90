import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { InvitationMail } from '#apps/broker/src/people/invitation-mail.js';
import { Secret } from '#libs/kernel/secret.js';

/** A mail server that keeps what it is given, or refuses. */
let server: SMTPServer;
let taken: { from: string; to: string[]; text: string }[];
let refuses = false;

beforeAll(async () => {
  server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onRcptTo: (_address, _session, done) =>
      done(refuses ? Object.assign(new Error('no such Zz Alex'), { responseCode: 550 }) : null),
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  taken = [];
  refuses = false;
});
afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

const log = new MemoryEventLog();
const link = 'https://console.example.org/console/invitation#' + 'a'.repeat(59);
const endsAt = new Date('2026-03-05T01:00:00Z');

function aMail(isSet = true): InvitationMail {
  const config = new BrokerConfig();
  config.mailFrom = 'conduit@example.com';
  const { port } = server.server.address() as AddressInfo;
  if (isSet) config.smtpUrl = new Secret(`smtp://127.0.0.1:${port}`);
  return new InvitationMail(config, log);
}

test('an invitation is mailed to its address alone, with the whole link and the end', async () => {
  const mail = aMail();
  expect(await mail.send('alex@example.com', link, endsAt)).toBe(true);
  mail.onApplicationShutdown();
  expect(taken).toHaveLength(1);
  expect(taken[0]).toMatchObject({ from: 'conduit@example.com', to: ['alex@example.com'] });
  const text = (taken[0]?.text ?? '').replace(/=\r\n/g, '').replace(/=3D/g, '=');
  expect(text).toContain(link);
  expect(text).toContain('2026-03-05 01:00 UTC');
});

test('an address cannot name a second receiver or a header', async () => {
  const mail = aMail();
  await mail.send('alex@example.com\r\nBcc: eve@example.com', link, endsAt);
  await mail.send('alex@example.com, eve@example.com', link, endsAt);
  mail.onApplicationShutdown();
  expect(taken.flatMap(({ to }) => to)).not.toContain('eve@example.com');
});

test('without a mail server nothing is sent, and the caller shows the link', async () => {
  expect(await aMail(false).send('alex@example.com', link, endsAt)).toBe(false);
  expect(taken).toEqual([]);
});

test('a mail server that refuses is logged by its number, never by its words', async () => {
  refuses = true;
  const mail = aMail();
  expect(await mail.send('alex@example.com', link, endsAt)).toBe(false);
  mail.onApplicationShutdown();
  expect(log.lines.at(-1)).toEqual({ event: 'mail.failed', fields: { responseCode: 550 } });
  expect(JSON.stringify(log.lines)).not.toContain('Alex');
});
