/** Somebody at the console of a whole conduit, over HTTPS and without a browser. */
import type { Dispatcher } from 'undici';
import { ConsolePerson, type ConsoleDoor } from '#test/console/console-person.fixture.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** @param wish role and tenant, as the operator of the broker's machine invites them */
export async function personAt(conduit: TestConduit, wish: object): Promise<ConsolePerson> {
  const origin = conduit.conduit.apiOrigin;
  const door: ConsoleDoor = {
    origin,
    async call(method, path, options) {
      const answer = await conduit.open(method as Dispatcher.HttpMethod, path, {
        key: '',
        ...options,
      });
      const headers = new Headers();
      for (const [name, value] of Object.entries(answer.headers))
        for (const one of [value ?? []].flat()) headers.append(name, one);
      const text = await answer.body.text();
      return new Response(text === '' ? null : text, { status: answer.statusCode, headers });
    },
  };
  const { body } = await conduit.call('POST', '/operator/invitations', {
    key: '',
    headers: { authorization: `Bearer ${conduit.conduit.operatorToken}` },
    body: wish,
  });
  const person = new ConsolePerson(door);
  await person.accept((body as { link: string }).link);
  return person;
}
