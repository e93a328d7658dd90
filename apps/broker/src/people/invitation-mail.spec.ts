import { expect, test } from '@jest/globals';
import {
  aMailServer,
  aRefusal,
  noMailServer,
  ourAddress,
} from '#apps/broker/src/mail/mail-server.fixture.js';
import { InvitationMail } from '#apps/broker/src/people/invitation-mail.js';

const link = 'https://console.example.org/console/invitation#' + 'a'.repeat(59);
const endsAt = new Date('2026-03-05T01:00:00Z');

test('an invitation is mailed to its address alone, with the whole link and the end', async () => {
  const { room, taken, close } = await aMailServer();
  expect(await new InvitationMail(room).send('alex@example.com', link, endsAt)).toBe(true);
  await close();
  expect(taken).toHaveLength(1);
  expect(taken[0]).toMatchObject({ from: ourAddress, to: ['alex@example.com'] });
  const text = (taken[0]?.text ?? '').replace(/=\r\n/g, '').replace(/=3D/g, '=');
  expect(text).toContain(link);
  expect(text).toContain('2026-03-05 01:00 UTC');
});

test('an address cannot name a second receiver or a header', async () => {
  const { room, taken, close } = await aMailServer();
  const mail = new InvitationMail(room);
  await mail.send('alex@example.com\r\nBcc: eve@example.com', link, endsAt);
  await mail.send('alex@example.com, eve@example.com', link, endsAt);
  await close();
  expect(taken.flatMap(({ to }) => to)).not.toContain('eve@example.com');
});

test('without a mail server nothing is sent, and the caller shows the link', async () => {
  const { taken, close } = await aMailServer();
  const mail = new InvitationMail(noMailServer());
  expect(await mail.send('alex@example.com', link, endsAt)).toBe(false);
  await close();
  expect(taken).toEqual([]);
});

test('a mail server that refuses is logged by its number, never by its words', async () => {
  const { room, log, close } = await aMailServer(aRefusal(550));
  expect(await new InvitationMail(room).send('alex@example.com', link, endsAt)).toBe(false);
  await close();
  expect(log.lines.at(-1)).toEqual({ event: 'mail.failed', fields: { responseCode: 550 } });
  expect(JSON.stringify(log.lines)).not.toContain('Alex');
});
