/** What came of comparing both sides' records, and having them compared; asks again while that is under way. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Reconciliation, Reconciliations } from '#libs/console-api/reconciliation.js';

const WHILE_UNDER_WAY_MS = 3_000;

const isUnderWay = ({ outcome }: Reconciliation): boolean => outcome === undefined;

interface ComparisonOf {
  queryKey: readonly string[];
  read: () => Promise<Reconciliations>;
  compare: () => Promise<void>;
}

export function useComparison({ queryKey, read, compare }: ComparisonOf) {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey,
    queryFn: read,
    refetchInterval: ({ state }) => state.data?.runs.some(isUnderWay) && WHILE_UNDER_WAY_MS,
  });
  const begin = useMutation({
    mutationFn: compare,
    onSuccess: () => queries.invalidateQueries({ queryKey }),
  });
  const { runs = [], incidents = [] } = found.data ?? {};
  return {
    runs,
    incidents,
    isUnderWay: runs.some(isUnderWay),
    isRead: found.isSuccess,
    isBeginning: begin.isPending,
    error: found.error ?? begin.error,
    begin: () => begin.mutate(),
  };
}
