import { refusedLine, writeLines } from '../jobs/jobOutput.ts';
import type { RunRequest } from '../jobs/runRequests.ts';
import type { Verdict } from '../verdicts.ts';
import type { BatchJob } from './batchJob.ts';
import { rpcStatus } from './errors.ts';
import { answer } from './replies/reply.ts';

const ERRORS: Readonly<Record<Exclude<Verdict, 'succeeded' | 'not_run'>, object>> = {
  rate_limited: rpcStatus('RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'),
  server_error: rpcStatus('INTERNAL', 'An internal error has occurred.'),
  refused: rpcStatus('INVALID_ARGUMENT', 'Request contains an invalid argument.'),
};

/** Writes a job's results, each under the key of its request. */
export function writeOutput(
  path: string,
  job: Pick<BatchJob, 'kind' | 'model'>,
  requests: AsyncIterable<RunRequest>,
) {
  return writeLines(path, requests, ({ id: key, line, verdict, hash, bytes }) => {
    if (verdict !== 'succeeded') return refusedLine({ key, error: ERRORS[verdict] });
    const request = line.request as Readonly<Record<string, unknown>>;
    const { inputTokens, outputTokens, ...reply } = answer(job, request, hash, bytes);
    const hasFailed = 'error' in reply;
    return { line: { key, ...reply }, hasFailed, inputTokens, outputTokens };
  });
}
