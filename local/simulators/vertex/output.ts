import { hashOf } from '../chance.ts';
import { writeLines } from '../jobs/jobOutput.ts';
import type { RunRequest } from '../jobs/runRequests.ts';
import { rowOf } from './replies/reply.ts';

/** Writes the rows of a job's output; a request that was not run has none. */
export function writeOutput(
  path: string,
  { model, processedTime }: { readonly model: string; readonly processedTime: string },
  requests: AsyncIterable<RunRequest>,
) {
  return writeLines(path, requests, ({ line, verdict }) => {
    const { row, ...cost } = rowOf(model, line, verdict, hashOf(textOf(line)));
    const hasFailed = verdict !== 'succeeded';
    return { line: { processed_time: processedTime, ...row }, hasFailed, ...cost };
  });
}

/** The request without what tells it from an equal one. */
function textOf({ custom_id: _, request, ...line }: Readonly<Record<string, unknown>>): string {
  const { labels: __, ...rest } = (request ?? {}) as Record<string, unknown>;
  return JSON.stringify([line, rest]);
}
