import { hexadecimal } from '../../chance.ts';
import type { Answer, Question } from './reply.ts';
import { textFrom } from './text.ts';

/** A `response` with one message. */
export function answerResponse({ body, inputTokens, created, chance }: Question): Answer {
  const { text, tokens } = textFrom(chance);
  const message = {
    type: 'message',
    id: `msg_${hexadecimal(chance, 32)}`,
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  };
  return {
    outputTokens: tokens,
    body: {
      id: `resp_${hexadecimal(chance, 32)}`,
      object: 'response',
      created_at: created,
      status: 'completed',
      error: null,
      incomplete_details: null,
      instructions: body.instructions ?? null,
      max_output_tokens: body.max_output_tokens ?? null,
      model: body.model,
      output: [message],
      parallel_tool_calls: true,
      previous_response_id: null,
      temperature: body.temperature ?? 1,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_p: body.top_p ?? 1,
      truncation: 'disabled',
      usage: {
        input_tokens: inputTokens,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: tokens,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: inputTokens + tokens,
      },
      metadata: body.metadata ?? {},
    },
  };
}
