/** A table that the broker searches by name and turns page by page. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { SearchField } from '#apps/console/src/ui/search-field.js';
import { Table, type TableProps } from '#apps/console/src/ui/table.js';
import { PageSteps, type PageStepsProps } from './page-steps.js';

export interface FoundPage<Row> {
  rows: Row[];
  pageSize: number;
  total: number;
}

export interface SearchedTableProps<Row>
  extends
    Pick<TableProps<Row>, 'caption' | 'columns' | 'rowKey'>,
    Pick<PageStepsProps, 'one' | 'many'> {
  read: (search: string, page: number) => Promise<FoundPage<Row>>;
  /** Where there are none: how one comes here. */
  children: ReactNode;
}

export function SearchedTable<Row>(props: SearchedTableProps<Row>) {
  const { caption, columns, rowKey, one, many, read, children } = props;
  const [{ search, page }, setPlace] = useState({ search: '', page: 1 });
  const found = useQuery({
    queryKey: ['operator', many, search, page],
    queryFn: () => read(search, page),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <SearchField
        hint="Part of its name"
        value={search}
        onChange={(text) => setPlace({ search: text, page: 1 })}
      />
      <Asked query={found}>
        {({ rows, pageSize, total }) => (
          <div>
            <Table
              caption={caption}
              columns={columns}
              rows={rows}
              rowKey={rowKey}
              empty={
                <Empty title={search === '' ? `No ${one} yet` : `No ${one} fits`}>{children}</Empty>
              }
            />
            <PageSteps
              {...{ page, pageSize, total, one, many }}
              onPage={(wanted) => setPlace({ search, page: wanted })}
            />
          </div>
        )}
      </Asked>
    </>
  );
}
