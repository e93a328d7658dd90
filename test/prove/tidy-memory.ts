/**
 * Loaded into the broker of a proof before its own code. When asked by SIGUSR2 it collects what nobody
 * holds any more, and writes down everything that somebody does: objects and texts as a heap snapshot,
 * and beside it the bytes of every buffer, which a snapshot leaves out. A broker at work collects by
 * itself, in its own time.
 */
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { type Runtime, Session } from 'node:inspector';
import { dirname } from 'node:path';
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

/** V8 keeps the shapes of objects that are gone for two collections more. */
const COLLECTIONS = 5;
/** By which the debugger's side finds our function. */
const WRITE_BUFFERS = 'conduitProveWriteBuffers';
const path = process.env['CONDUIT_PROVE_SNAPSHOT'];

/** The debugger's protocol alone lists every object of a kind; within one thread it answers at once. */
function writeBuffers(to: string): void {
  const file = openSync(to, 'w', 0o600);
  const session = new Session();
  session.connect();
  const write = (buffers: ArrayBuffer[]): void => {
    for (const buffer of buffers) writeSync(file, new Uint8Array(buffer));
  };
  Object.assign(globalThis, { [WRITE_BUFFERS]: write });
  const ask = <T>(method: string, parameters: object): T => {
    let answer: T | undefined;
    session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result as T;
    });
    if (answer === undefined) throw new Error(`${method} was not answered at once`);
    return answer;
  };
  const { result: prototype } = ask<Runtime.EvaluateReturnType>('Runtime.evaluate', {
    expression: 'ArrayBuffer.prototype',
  });
  const { objects } = ask<Runtime.QueryObjectsReturnType>('Runtime.queryObjects', {
    prototypeObjectId: prototype.objectId,
  });
  ask('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: `function () { globalThis.${WRITE_BUFFERS}(this); }`,
  });
  session.disconnect();
  Reflect.deleteProperty(globalThis, WRITE_BUFFERS);
  closeSync(file);
}

if (isMainThread && path !== undefined) {
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--heap-snapshot-string-limit=1048576');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    for (let times = 0; times < COLLECTIONS; times += 1) collect();
    mkdirSync(dirname(path), { recursive: true });
    writeBuffers(`${path}.buffers`);
    // Whole, or not there.
    renameSync(writeHeapSnapshot(`${path}.part`), path);
  });
}
