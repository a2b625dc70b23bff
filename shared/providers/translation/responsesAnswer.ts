import { RESPONSES } from '../provider.ts';
import type { ChatCompletion, FinishReason } from './chat.ts';

/**
 * The body of an answer, in the API that its request was written for.
 *
 * @param endpoint the request's `url`
 */
export function answerBody(endpoint: string, completion: ChatCompletion): object {
  return endpoint === RESPONSES ? responseOf(completion) : completion;
}

/** Why an answer is incomplete, in the words of the Responses API. */
const INCOMPLETE: Partial<Record<FinishReason, string>> = {
  length: 'max_output_tokens',
  content_filter: 'content_filter',
};

/**
 * A chat completion as a response of OpenAI's Responses API. It does not repeat the request, which
 * rows are joined with anyway. Source of the fields: `Response` of the SDK `openai`.
 */
function responseOf({ id, created, model, choices, usage }: ChatCompletion): object {
  // A request of the Responses API has no `n`, so there is one choice.
  const [choice] = choices;
  const reason = choice && INCOMPLETE[choice.finish_reason];
  const status = reason === undefined ? 'completed' : 'incomplete';
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: created,
    status,
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    model,
    output: choice === undefined ? [] : outputOf(`${id}`, status, choice.message),
    usage: {
      input_tokens: usage.prompt_tokens,
      input_tokens_details: usage.prompt_tokens_details,
      output_tokens: usage.completion_tokens,
      output_tokens_details: usage.completion_tokens_details,
      total_tokens: usage.total_tokens,
    },
  };
}

function outputOf(
  id: string,
  status: string,
  { content, refusal, tool_calls: calls = [] }: ChatCompletion['choices'][number]['message'],
): object[] {
  const parts = [
    ...(content === null ? [] : [{ type: 'output_text', text: content, annotations: [] }]),
    ...(refusal === null ? [] : [{ type: 'refusal', refusal }]),
  ];
  const message = { type: 'message', id: `msg_${id}`, status, role: 'assistant', content: parts };
  return [
    ...(parts.length === 0 ? [] : [message]),
    ...calls.map(({ id: callId, function: { name, arguments: text } }) => ({
      type: 'function_call',
      id: `fc_${callId}`,
      call_id: callId,
      name,
      arguments: text,
      status: 'completed',
    })),
  ];
}
