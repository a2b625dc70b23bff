import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './api.ts';

/** What is told by the stream is not asked for again by itself. */
const FRESH_MS = 60_000;
const MAX_RETRIES = 2;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        refetchOnWindowFocus: false,
        retry: (count, error) =>
          count < MAX_RETRIES && error instanceof ApiError && error.status >= 500,
      },
    },
  });
}

/** The keys of queries: the stream names what has changed by the first word. */
export const KEYS = {
  handler: ['handler'],
  today: ['today'],
  doctor: ['doctor'],
  /** Lists of batches. */
  batches: ['batches'],
  batch: (batchId: string) => ['batch', batchId],
  providers: ['providers'],
  letters: ['letters'],
  uploads: ['uploads'],
  /** Keys of the HTTP API, and the tenants that have them. */
  keys: ['keys'],
  money: ['money'],
  turnaround: ['turnaround'],
} as const;
