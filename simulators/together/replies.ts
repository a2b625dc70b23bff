import { estimateTokens, seededRandom } from '../engine/content.ts';
import { LineWriter } from '../engine/lines.ts';
import {
  FAILED_ROW,
  type JobOutput,
  type RowCost,
  type RunRequest,
  writeRows,
} from '../engine/run.ts';
import { chatReply } from '../openai/bodies.ts';

interface OutputPaths {
  readonly outputPath: string;
  readonly errorPath: string;
}

/** Writes the rows of a job. A request that was not run has none. */
export async function writeOutput(
  { outputPath, errorPath }: OutputPaths,
  created: number,
  requests: AsyncIterable<RunRequest>,
): Promise<JobOutput & { readonly outputBytes: number; readonly errorBytes: number }> {
  const output = await LineWriter.create(outputPath);
  const errors = await LineWriter.create(errorPath);
  let written: JobOutput;
  try {
    written = await writeRows(requests, async (request) => {
      if (request.verdict === 'not_run') return undefined;
      const { row, cost } = rowOf(request, created);
      await (cost.hasFailed ? errors : output).write(JSON.stringify(row));
      return cost;
    });
  } finally {
    for (const file of [output, errors]) await file.close();
  }
  return { ...written, outputBytes: output.bytes, errorBytes: errors.bytes };
}

const ERRORS = {
  not_run: { message: 'The request did not run.', code: 'cancelled' },
  rate_limited: { message: 'Rate limit exceeded. Please try again.', code: 'rate_limit_exceeded' },
  server_error: { message: 'Internal server error.', code: 'server_error' },
  refused: { message: 'Invalid messages: refused by plan.', code: 'invalid_request' },
};

/**
 * "Each line in the error file pairs a custom_id from your input with the failure reason":
 * https://docs.together.ai/docs/inference/batch/manage. An answer is in `response.body`.
 */
function rowOf(
  { id: customId, line, verdict, hash, bytes }: RunRequest,
  created: number,
): { row: object; cost: RowCost } {
  if (verdict !== 'succeeded')
    return { row: { custom_id: customId, error: ERRORS[verdict] }, cost: FAILED_ROW };
  const inputTokens = estimateTokens(bytes);
  const { body, outputTokens } = chatReply({
    body: line.body as Readonly<Record<string, unknown>>,
    inputTokens,
    created,
    random: seededRandom(hash),
  });
  return {
    row: { custom_id: customId, response: { status_code: 200, body } },
    cost: { hasFailed: false, inputTokens, outputTokens },
  };
}
