import { QueryClient } from '@tanstack/react-query';
import { Problem } from './request.js';

/** Once more where the network failed; what the broker refused it will refuse again. */
const worthRetrying = (failures: number, error: unknown): boolean =>
  failures < 1 && error instanceof Problem && (error.status === 0 || error.status >= 500);

export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: { retry: worthRetrying, staleTime: 5_000 },
      mutations: { retry: false },
    },
  });
