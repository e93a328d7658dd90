/** Somebody at the console of a whole conduit, over HTTPS and without a browser. */
import type { Dispatcher } from 'undici';
import { ConsolePerson, type ConsoleDoor } from '#test/console/console-person.fixture.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** @param origin of one of its nodes */
function doorAt(conduit: TestConduit, origin: string): ConsoleDoor {
  return {
    origin,
    async call(method, path, options) {
      const answer = await conduit.open(method as Dispatcher.HttpMethod, path, {
        ...{ key: '', origin },
        ...options,
      });
      const headers = new Headers();
      for (const [name, value] of Object.entries(answer.headers))
        for (const one of [value ?? []].flat()) headers.append(name, one);
      const text = await answer.body.text();
      return new Response(text === '' ? null : text, { status: answer.statusCode, headers });
    },
  };
}

/** @param wish role and tenant, as the operator of the broker's machine invites them */
export async function personAt(conduit: TestConduit, wish: object): Promise<ConsolePerson> {
  const { body } = await conduit.call('POST', '/operator/invitations', {
    key: '',
    headers: { authorization: `Bearer ${conduit.conduit.operatorToken}` },
    body: wish,
  });
  const person = new ConsolePerson(doorAt(conduit, conduit.conduit.apiOrigin));
  await person.accept((body as { link: string }).link);
  return person;
}

/** The same, signed in, at another node. */
export function atNode(conduit: TestConduit, person: ConsolePerson, origin: string): ConsolePerson {
  const there = new ConsolePerson(doorAt(conduit, origin));
  there.token = person.token;
  return there;
}
