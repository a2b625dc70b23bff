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

/** Writes a result for each request, also for those that were not run. */
export async function writeResults(
  path: string,
  created: number,
  requests: AsyncIterable<RunRequest>,
): Promise<JobOutput> {
  const file = await LineWriter.create(path);
  try {
    return await writeRows(requests, async (request) => {
      const { result, cost } = resultOf(request, created);
      await file.write(JSON.stringify({ batch_request_id: request.id, ...result }));
      return cost;
    });
  } finally {
    await file.close();
  }
}

/** google.rpc.Code: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const ERRORS = {
  not_run: { code: 1, message: 'The request was cancelled.' },
  rate_limited: { code: 8, message: 'Some resource has been exhausted.' },
  server_error: { code: 13, message: 'Internal error.' },
  refused: { code: 3, message: 'The request was refused by plan.' },
};

/** `xaiBatchResultSchema` in `xai-batch.ts` of @ai-sdk/xai. */
function resultOf(
  { line, verdict, hash, bytes }: RunRequest,
  created: number,
): { result: object; cost: RowCost | undefined } {
  if (verdict !== 'succeeded') {
    const error = ERRORS[verdict];
    return {
      result: { batch_result: { error }, error_message: error.message },
      cost: verdict === 'not_run' ? undefined : FAILED_ROW,
    };
  }
  const inputTokens = estimateTokens(bytes);
  const { body, outputTokens } = chatReply({
    body: line.body as Readonly<Record<string, unknown>>,
    inputTokens,
    created,
    random: seededRandom(hash),
  });
  // Also of a request to /v1/responses.
  const response = { chat_get_completion: body };
  return {
    result: { batch_result: { response }, error_message: '' },
    cost: { hasFailed: false, inputTokens, outputTokens },
  };
}
