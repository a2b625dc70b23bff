import { estimateTokens, seededRandom } from '../engine/content.ts';
import { FAILED_ROW, type RowCost, type RunRequest } from '../engine/run.ts';
import { chatReply } from '../openai/bodies.ts';

const ERRORS = {
  rate_limited: { message: 'Rate limit exceeded. Please try again.', code: 'rate_limit_exceeded' },
  server_error: { message: 'Internal server error.', code: 'server_error' },
  refused: { message: 'Invalid messages: refused by plan.', code: 'invalid_request' },
};

/**
 * A request that was not run has no row. "Each line in the error file pairs a custom_id from your input with the failure reason":
 * https://docs.together.ai/docs/inference/batch/manage. An answer is in `response.body`.
 */
export function rowOf(
  { id: customId, line, verdict, hash, bytes }: RunRequest,
  created: number,
): { row: object; cost: RowCost } | undefined {
  if (verdict === 'not_run') return undefined;
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
