/** Server-sent events to the operator's pages: what changed, and an end with the session. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { Readiness } from '#apps/broker/src/health/readiness.js';
import { PretendApi } from '#test/contract/api.fixture.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';
import { aFleetAgent } from '#test/console/fleet.fixture.js';

let api: PretendApi;
let person: ConsolePerson;

beforeAll(async () => {
  api = await PretendApi.start();
  person = await aConsolePerson(api, { role: 'operator-support' });
});

afterAll(() => api.stop());

/** Reads until the text is there; rejects at the stream's end. */
class LiveReader {
  private text = '';

  private constructor(private readonly reader: ReadableStreamDefaultReader<Uint8Array>) {}

  static async open(who: ConsolePerson): Promise<LiveReader> {
    const answer = await who.call('GET', '/operator/live');
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    return new LiveReader(answer.body!.getReader());
  }

  async until(wanted: string): Promise<void> {
    while (!this.text.includes(wanted)) {
      const { done, value } = await this.reader.read();
      if (done) throw new Error(`the stream ended before ${wanted}`);
      this.text += Buffer.from(value).toString();
    }
  }

  async end(): Promise<string> {
    for (;;) {
      const { done, value } = await this.reader.read();
      if (done) return this.text;
      this.text += Buffer.from(value).toString();
    }
  }

  close(): Promise<void> {
    return this.reader.cancel();
  }
}

test('tell which agents changed, many at once as many, and nothing else of them', async () => {
  const live = await LiveReader.open(person);
  await live.until('"agentIds":[]');
  const agentId = await aFleetAgent(api, { state: 'online' });
  const broadcast = api.app.get(Broadcast, { strict: false });
  await broadcast.publish('fleet.changed', agentId);
  await live.until(`event: agents\ndata: {"agentIds":["${agentId}"]}`);
  await live.until('event: requests');
  await broadcast.publish('alert.changed', 'all');
  await live.until('event: alerts');
  await live.close();
});

test('end soon after the session, without keeping it from idling', async () => {
  const leaver = await aConsolePerson(api, { role: 'operator-support' });
  const live = await LiveReader.open(leaver);
  await live.until('retry:');
  await leaver.json('DELETE', '/session');
  expect(await live.end()).toContain('event: end\ndata: {"reason":"session"}');
}, 30_000);

test('are refused to whoever is no staff, and to more pages than a person has', async () => {
  const stranger = await aConsolePerson(api, { role: 'operator-security' });
  const lives = [];
  for (let n = 0; n < 10; n += 1) lives.push(await LiveReader.open(stranger));
  expect((await stranger.call('GET', '/operator/live')).status).toBe(429);
  await Promise.all(lives.map((live) => live.close()));
});

test('a request that nobody made does not put the end of an idle session off', async () => {
  const away = await aConsolePerson(api, { role: 'operator-support' });
  const idleUntil = new Date(Date.now() + 60_000);
  const { person: who } = await away.json<{ person: { personId: string } }>('GET', '/session');
  await api.database.kysely
    .updateTable('sessions')
    .set({ idle_until: idleUntil })
    .where('person_id', '=', who.personId)
    .execute();
  const ends = async () =>
    (
      await api.database.kysely
        .selectFrom('sessions')
        .select('idle_until')
        .where('person_id', '=', who.personId)
        .executeTakeFirstOrThrow()
    ).idle_until;
  await away.call('GET', '/operator/agents', undefined, { 'x-conduit-unattended': '1' });
  expect(await ends()).toEqual(idleUntil);
  await away.call('GET', '/operator/agents');
  expect((await ends()).getTime()).toBeGreaterThan(idleUntil.getTime());
});

test('end when the node leaves, so that stopping does not wait for them', async () => {
  const live = await LiveReader.open(person);
  await live.until('retry:');
  api.app.get(Readiness, { strict: false }).drain();
  expect(await live.end()).toContain('"reason":"leaving"');
});
