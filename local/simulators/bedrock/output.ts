import { refusedLine, writeLines } from '../jobs/jobOutput.ts';
import type { RunRequest } from '../jobs/runRequests.ts';
import type { Verdict } from '../verdicts.ts';
import { answer } from './replies/reply.ts';

const ERRORS: Readonly<Record<Exclude<Verdict, 'succeeded' | 'not_run'>, object>> = {
  rate_limited: { errorCode: 429, errorMessage: 'Too many requests, please wait and try again.' },
  server_error: { errorCode: 500, errorMessage: 'The model failed to answer this request.' },
  refused: { errorCode: 400, errorMessage: 'Malformed input request: refused by plan.' },
};

/** Writes a job's output; a record that was not run has no line. */
export function writeOutput(
  path: string,
  job: { readonly modelId: string; readonly invocationType: string },
  requests: AsyncIterable<RunRequest>,
) {
  return writeLines(path, requests, ({ id: recordId, line, verdict, hash, bytes }) => {
    const modelInput = line.modelInput as Readonly<Record<string, unknown>>;
    if (verdict !== 'succeeded')
      return refusedLine({ modelInput, error: ERRORS[verdict], recordId });
    const { inputTokens, outputTokens, ...reply } = answer(job, modelInput, hash, bytes);
    const hasFailed = 'error' in reply;
    return { line: { modelInput, ...reply, recordId }, hasFailed, inputTokens, outputTokens };
  });
}
