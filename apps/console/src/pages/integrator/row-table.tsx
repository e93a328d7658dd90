/** Rows as they came, in a table; of very many the first. */
import type { Row } from '#apps/console/src/api/integrator.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';

const MOST_ROWS = 500;

interface Numbered {
  number: number;
  row: Row;
}

const said = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

const columnOf = (name: string): Column<Numbered> => ({
  key: name,
  label: name === '' ? '(no name)' : name,
  cell: ({ row }) => (row[name] === null ? <span className="quiet">NULL</span> : said(row[name])),
});

export function RowTable({ rows }: { rows: readonly Row[] }) {
  const shown = rows.slice(0, MOST_ROWS).map((row, number): Numbered => ({ number, row }));
  const names = [...new Set(shown.flatMap(({ row }) => Object.keys(row)))];
  return (
    <>
      <p role="status">
        {rows.length === 1 ? '1 row' : `${rows.length.toLocaleString('en-AU')} rows`}
        {rows.length > MOST_ROWS && `; the first ${MOST_ROWS} are shown`}
      </p>
      <Table
        caption="Rows of the answer"
        columns={names.map(columnOf)}
        rows={shown}
        isDense
        rowKey={({ number }) => String(number)}
        empty={<Empty title="No rows">The statement ran and gave none.</Empty>}
      />
    </>
  );
}
