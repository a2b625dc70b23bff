import type { RunRequest } from '../jobs/runRequests.ts';
import { LineWriter } from '../lineWriter.ts';
import type { Verdict } from '../verdicts.ts';
import { answer } from './replies/reply.ts';

export interface Written {
  readonly succeeded: number;
  readonly failed: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

const ERRORS: Readonly<Record<Exclude<Verdict, 'succeeded' | 'not_run'>, object>> = {
  rate_limited: { errorCode: 429, errorMessage: 'Too many requests, please wait and try again.' },
  server_error: { errorCode: 500, errorMessage: 'The model failed to answer this request.' },
  refused: { errorCode: 400, errorMessage: 'Malformed input request: refused by plan.' },
};

/** Writes a job's output; a record that was not run has no line. */
export async function writeOutput(
  path: string,
  job: { readonly modelId: string; readonly invocationType: string },
  requests: AsyncIterable<RunRequest>,
): Promise<Written> {
  const output = await LineWriter.create(path);
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { id: recordId, line, verdict, hash, bytes } of requests) {
      if (verdict === 'not_run') continue;
      const modelInput = line.modelInput as Readonly<Record<string, unknown>>;
      if (verdict !== 'succeeded') {
        failed += 1;
        await output.write(JSON.stringify({ modelInput, error: ERRORS[verdict], recordId }));
        continue;
      }
      const { inputTokens, outputTokens, ...reply } = answer(job, modelInput, hash, bytes);
      if ('error' in reply) failed += 1;
      else succeeded += 1;
      usage.inputTokens += inputTokens;
      usage.outputTokens += outputTokens;
      await output.write(JSON.stringify({ modelInput, ...reply, recordId }));
    }
  } finally {
    await output.close();
  }
  return { succeeded, failed, usage };
}
