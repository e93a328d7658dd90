// @ts-check
/**
 * PGlite runs on the thread that calls it, so it gets a thread of its own. Plain JavaScript: a
 * worker is loaded by Node itself, also when the rest runs from TypeScript in tests.
 * Speaks `{id, sql, params}` → `{id, rows, rowCount, command}` or `{id, error}`; `{close: true}` ends it.
 */
import { Blob } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite, types } from '@electric-sql/pglite';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** As node-postgres parses: 64-bit integers stay text. */
const parsers = { [types.INT8]: (/** @type {string} */ text) => text };

/** @type {PGlite | undefined} */
let database;

/** SQL state and names only: the driver also hangs the statement and its parameters on the error. */
function bareError(/** @type {any} */ error) {
  const { code, constraint, table, column, severity, message } = error;
  return { code, constraint, table, column, severity, message };
}

async function answer(/** @type {{id: number, sql: string, params: unknown[]}} */ request) {
  const { id, sql, params } = request;
  try {
    const result = await /** @type {PGlite} */ (database).query(sql, params, { parsers });
    const { rows, command, rowCount, affectedRows, fields } = result;
    const byteFields = fields.filter((field) => field.dataTypeID === types.BYTEA);
    port.postMessage({
      id,
      rows,
      command,
      rowCount: rowCount ?? affectedRows ?? 0,
      byteFields: byteFields.map((field) => field.name),
    });
  } catch (error) {
    port.postMessage({ id, error: bareError(error) });
  }
}

try {
  const { directory, image } = workerData;
  database = image
    ? await PGlite.create({ loadDataDir: new Blob([readFileSync(image)]) })
    : await PGlite.create(directory ?? 'memory://');
  await database.query("set time zone 'UTC'");
  port.postMessage({ opened: true });
} catch (error) {
  port.postMessage({ opened: false, error: bareError(error) });
}

port.on('message', async (message) => {
  if (message.close) {
    await database?.close();
    port.postMessage({ closed: true });
    port.close();
    return;
  }
  await answer(message);
});
