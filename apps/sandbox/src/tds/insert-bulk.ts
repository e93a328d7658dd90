/**
 * The table of an `INSERT BULK table (columns…) [WITH (…)]` batch, which announces a bulk load;
 * undefined for every other batch. The columns are read from the load itself, which describes them
 * more exactly.
 */
export function insertBulkTable(sql: string): string | undefined {
  const match =
    /^\s*insert\s+bulk\s+((?:\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*"|[^\s("[])+)\s*(?:\(|with\b|$)/i.exec(
      sql,
    );
  return match?.[1];
}
