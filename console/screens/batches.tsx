import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { answerOf, api } from '../api.ts';
import { Note } from '../components/note.tsx';
import { Progress } from '../components/progress.tsx';
import { StatusBadge } from '../components/status.tsx';
import { Ago } from '../components/time.tsx';
import { costText } from '../format.ts';
import { KEYS } from '../queries.ts';

/** All batches, the newest first. The filter is in the address, so that it can be kept and sent. */
export default function Batches() {
  const [parameters] = useSearchParams();
  const filter = Object.fromEntries(parameters);
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [...KEYS.batches, filter],
    queryFn: ({ pageParam }) =>
      answerOf(api.batches.$get({ query: { ...filter, after: pageParam } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ hasMore, rows }) => (hasMore ? rows.at(-1)?.batchId : undefined),
  });
  const rows = data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <h1>Batches</h1>
      {error && <Note kind="problem">{error.message}</Note>}
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th>Batch</th>
              <th>Status</th>
              <th>Progress</th>
              <th>Why</th>
              <th className="number">Cost</th>
              <th>Added</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.batchId}>
                <td>
                  <Link href={`/batches/${encodeURIComponent(row.batchId)}`}>{row.batchId}</Link>
                </td>
                <td>
                  <StatusBadge status={row.status} isCancelling={row.cancelRequested} />
                </td>
                <td>
                  <Progress done={row.finished} total={row.counts.total} unit="requests" />
                </td>
                <td>{row.why}</td>
                <td className="number">{costText(row.cost)}</td>
                <td>
                  <Ago at={row.createdAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hasNextPage && (
        <button type="button" onClick={() => fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  );
}
