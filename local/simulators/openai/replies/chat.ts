import { hexadecimal } from '../../chance.ts';
import type { Answer, Question } from './reply.ts';
import { textFrom } from './text.ts';

const MAX_CHOICES = 128;

/** A `chat.completion`. */
export function answerChat({ body, inputTokens, created, chance }: Question): Answer {
  const wanted = typeof body.n === 'number' ? body.n : 1;
  const texts = Array.from({ length: Math.min(wanted, MAX_CHOICES) }, () => textFrom(chance));
  const outputTokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      id: `chatcmpl-${hexadecimal(chance, 24)}`,
      object: 'chat.completion',
      created,
      model: body.model,
      choices: texts.map(({ text }, index) => ({
        index,
        message: { role: 'assistant', content: text, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      })),
      usage: {
        prompt_tokens: inputTokens,
        completion_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: 'default',
      system_fingerprint: 'fp_simulator',
    },
  };
}
