import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Loading } from './loading.js';
import { ProblemNotice } from './notice.js';

export interface AskedProps<T> {
  query: UseQueryResult<T>;
  children: (found: T) => ReactNode;
}

/** What was asked for, or why it is not there. What is there stays while it is asked for again. */
export function Asked<T>({ query, children }: AskedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  return query.isError ? <ProblemNotice error={query.error} /> : <Loading />;
}
