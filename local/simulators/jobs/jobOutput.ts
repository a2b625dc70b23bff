import { LineWriter } from '../lineWriter.ts';
import type { Verdict } from '../verdicts.ts';
import type { Settlement } from './jobRecord.ts';
import type { RunRequest } from './runRequests.ts';

/** What a job writes for a request that was run. */
export interface OutputLine {
  readonly line: object;
  readonly hasFailed: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A request that was run. */
type Ran = RunRequest & { readonly verdict: Exclude<Verdict, 'not_run'> };

/** What is refused costs nothing. */
export function refusedLine(line: object): OutputLine {
  return { line, hasFailed: true, inputTokens: 0, outputTokens: 0 };
}

/** Writes the lines of a job's output; a request that was not run has none. */
export async function writeLines(
  path: string,
  requests: AsyncIterable<RunRequest>,
  lineOf: (request: Ran) => OutputLine,
): Promise<Omit<Settlement, 'at'> & { readonly bytes: number }> {
  const output = await LineWriter.create(path);
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { verdict, ...request } of requests) {
      if (verdict === 'not_run') continue;
      const { line, hasFailed, inputTokens, outputTokens } = lineOf({ ...request, verdict });
      if (hasFailed) failed += 1;
      else succeeded += 1;
      usage.inputTokens += inputTokens;
      usage.outputTokens += outputTokens;
      await output.write(JSON.stringify(line));
    }
  } finally {
    await output.close();
  }
  return { succeeded, failed, usage, bytes: output.bytes };
}
