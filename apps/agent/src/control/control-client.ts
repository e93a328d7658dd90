/** Asks the running agent of a state folder. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';

import { isErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, type ErrorFacts } from '#libs/errors/conduit-error.js';
import {
  controlAddress,
  controlTokenFile,
  preparePlace,
} from '#apps/agent/src/control/control-place.js';
import type { ControlRoute } from '#apps/agent/src/control/control-routes.js';

const TIMEOUT_MS = 30_000;

interface RawAnswer {
  status: number;
  text: string;
}

/**
 * @throws ConduitError AGENT_NOT_RUNNING when nobody answers there; CONTROL_REFUSED when this user
 * may not ask; otherwise the agent's own code
 */
export async function askAgent<Answer>(
  stateFolder: string,
  route: ControlRoute,
  body: object = {},
): Promise<Answer> {
  const token = await readFile(controlTokenFile(stateFolder), 'utf8').catch((cause: unknown) => {
    throw unreachable(cause);
  });
  await preparePlace(stateFolder);
  const { status, text } = await send(controlAddress(stateFolder), route, body, token);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw new ConduitError('INTERNAL', { cause });
  }
  if (status === 200) return answer as Answer;
  const { code, facts } = answer as { code?: unknown; facts?: ErrorFacts };
  throw new ConduitError(isErrorCode(code) ? code : 'INTERNAL', facts ? { facts } : {});
}

/** What the agent answers, or what is done instead when it is not running. */
export async function orOffline<T>(asking: Promise<T>, offline: () => Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof ConduitError && error.code === 'AGENT_NOT_RUNNING') return offline();
    throw error;
  }
}

function unreachable(cause: unknown): ConduitError {
  const { code } = cause as NodeJS.ErrnoException;
  const forbidden = code === 'EACCES' || code === 'EPERM';
  return new ConduitError(forbidden ? 'CONTROL_REFUSED' : 'AGENT_NOT_RUNNING', { cause });
}

function send(
  socketPath: string,
  route: ControlRoute,
  body: object,
  token: string,
): Promise<RawAnswer> {
  const [method, path] = route.split(' ');
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        socketPath,
        ...(method === undefined ? {} : { method }),
        ...(path === undefined ? {} : { path }),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        timeout: TIMEOUT_MS,
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', (error) => reject(unreachable(error)));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(parts).toString('utf8'),
          }),
        );
      },
    );
    asking.on('timeout', () => asking.destroy(new Error('no answer')));
    asking.on('error', (error) => reject(unreachable(error)));
    asking.end(method === 'POST' ? JSON.stringify(body) : undefined);
  });
}
