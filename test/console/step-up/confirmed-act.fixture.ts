/** An act of the console that asks for a passkey's word, and whoever does such acts. */
import type { ActionText, Session } from '#libs/console-api/session.js';
import type { PretendApi } from '#test/contract/api.fixture.js';
import { aPairedSite } from '#test/contract/paired-site.fixture.js';
import { aConsolePerson, type ConsolePerson } from '#test/console/console-person.fixture.js';

/** Somebody at the point of doing it. */
export interface ConfirmedAct {
  person: ConsolePerson;
  /** Below `/console/api`. */
  path: string;
  /** Beside `stepUp`. */
  body: object;
  /** What exactly is confirmed. */
  action: ActionText;
}

export interface House {
  api: PretendApi;
  practiceId: string;
  integratorId: string;
  owner: ConsolePerson;
  admin: ConsolePerson;
  officer: ConsolePerson;
  colleague: ConsolePerson;
}

/** By route, as the table of the console's routes has it; each call arranges one anew. */
export type ConfirmedActs = Record<string, (house: House) => Promise<ConfirmedAct>>;

export async function aHouse(api: PretendApi): Promise<House> {
  const { practiceId, integratorId } = await aPairedSite(api);
  return {
    ...{ api, practiceId, integratorId },
    owner: await aConsolePerson(api, { role: 'practice-owner', practiceId }),
    admin: await aConsolePerson(api, { role: 'integrator-admin', integratorId }),
    officer: await aConsolePerson(api, { role: 'operator-security' }),
    colleague: await aConsolePerson(api, { role: 'operator-security' }),
  };
}

/** @throws Error naming the code, when it is refused */
export async function carryOut<T>(
  method: string,
  { person, path, body, action }: ConfirmedAct,
): Promise<T> {
  return person.json(method, path, { ...body, stepUp: await person.stepUp(action) });
}

export async function idOf(person: ConsolePerson): Promise<string> {
  return (await person.json<Session>('GET', '/session')).person.personId;
}
