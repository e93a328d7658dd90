import { Pager } from '#apps/console/src/ui/table.js';

const number = new Intl.NumberFormat('en-AU');

export interface PageStepsProps {
  /** From 1 on. */
  page: number;
  pageSize: number;
  total: number;
  /** What is counted: one of them, and several. */
  one: string;
  many: string;
  onPage: (page: number) => void;
}

/** Steps between the numbered pages of a table, and where one is: `51 to 100 of 9,812 agents`. */
export function PageSteps({ page, pageSize, total, one, many, onPage }: PageStepsProps) {
  const from = (page - 1) * pageSize + 1;
  const to = Math.min(page * pageSize, total);
  const all = `${number.format(total)} ${total === 1 ? one : many}`;
  return (
    <Pager
      words={total <= pageSize ? all : `${number.format(from)} to ${number.format(to)} of ${all}`}
      {...(page > 1 && { onPrevious: () => onPage(page - 1) })}
      {...(to < total && { onNext: () => onPage(page + 1) })}
    />
  );
}
