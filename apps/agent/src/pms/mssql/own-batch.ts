/** Batches of our own on a lent connection: a few rows back, and never longer than they may take. */
import { type Connection, Request } from 'tedious';

export type OwnRow = Record<string, unknown>;

/**
 * Runs a batch.
 * @param mostMs after which the connection is closed, since nothing else is sure to end the wait
 * @returns the rows of all its result sets
 * @throws what tedious reports
 */
export function ask(connection: Connection, sql: string, mostMs: number): Promise<OwnRow[]> {
  return new Promise((resolve, reject) => {
    const rows: OwnRow[] = [];
    const timer = setTimeout(() => connection.close(), mostMs);
    const request = new Request(sql, (error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(rows);
    });
    request.on('row', (columns: { metadata: { colName: string }; value: unknown }[]) =>
      rows.push(
        Object.fromEntries(columns.map(({ metadata, value }) => [metadata.colName, value])),
      ),
    );
    connection.execSqlBatch(request);
  });
}
