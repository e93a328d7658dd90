/**
 * A table whose rows come page by page from the broker. A plain HTML table, which screen readers know
 * how to walk; on a narrow screen each row becomes a card, so that nothing has to be scrolled sideways.
 */
import type { ReactNode } from 'react';
import { Button } from './button.js';
import { Empty } from './empty.js';

export interface Column<Row> {
  key: string;
  label: string;
  cell: (row: Row) => ReactNode;
  /** Holds buttons, which speak for themselves: its label is read out only. */
  isActs?: boolean;
  /** Digits line up at the right. */
  isNumber?: boolean;
  /** Pressing the heading asks for another order. */
  isSortable?: boolean;
}

/** The column of buttons, the last one; its `cell` is added. */
export const actsColumn = { key: 'acts', label: 'What you can do', isActs: true } as const;

export interface Order {
  key: string;
  direction: 'ascending' | 'descending';
}

export interface TableProps<Row> {
  /** What the rows are, for who cannot see the page around them. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  order?: Order;
  onOrder?: (order: Order) => void;
  /** Shown in place of no rows. */
  empty?: ReactNode;
  /** Stays a table on a narrow screen and scrolls sideways: for figures that are compared. */
  isDense?: boolean;
}

export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, order, onOrder, empty, isDense = false } = props;
  if (rows.length === 0) return <>{empty ?? <Empty title="Nothing here" />}</>;
  return (
    <div
      className={isDense ? 'table' : 'table table--cards'}
      {...(isDense && { role: 'region', 'aria-label': caption, tabIndex: 0 })}
    >
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.key} column={column} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ key, label, cell, isNumber, isActs }) => (
                <td
                  key={key}
                  data-label={isActs ? undefined : label}
                  className={isNumber ? 'number' : undefined}
                >
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadingProps<Row> {
  column: Column<Row>;
  order: Order | undefined;
  onOrder: ((order: Order) => void) | undefined;
}

const arrows = { ascending: ' ↑', descending: ' ↓' } as const;

function Heading<Row>({ column, order, onOrder }: HeadingProps<Row>) {
  const { key, label, isNumber, isActs, isSortable } = column;
  const direction = order?.key === key ? order.direction : undefined;
  const next = direction === 'ascending' ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      className={isNumber ? 'number' : undefined}
      aria-sort={isSortable ? (direction ?? 'none') : undefined}
    >
      {isSortable && onOrder ? (
        <button
          type="button"
          className="table__sort"
          onClick={() => onOrder({ key, direction: next })}
        >
          {label}
          <span aria-hidden="true">{direction && arrows[direction]}</span>
        </button>
      ) : (
        <span className={isActs ? 'unseen' : undefined}>{label}</span>
      )}
    </th>
  );
}

export interface PagerProps {
  /** In words, e.g. `51 to 100 of 9,812 agents`. */
  words: string;
  onPrevious?: () => void;
  onNext?: () => void;
}

/** Steps between pages; a step that there is not cannot be pressed. */
export function Pager({ words, onPrevious, onNext }: PagerProps) {
  return (
    <nav className="pager" aria-label="Pages of the table">
      <span role="status">{words}</span>
      <span className="cluster">
        <Button isDisabled={!onPrevious} onPress={() => onPrevious?.()}>
          Previous
        </Button>
        <Button isDisabled={!onNext} onPress={() => onNext?.()}>
          Next
        </Button>
      </span>
    </nav>
  );
}
