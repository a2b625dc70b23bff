import { hexadecimal } from '../../chance.ts';
import type { Answer, Question } from './reply.ts';
import { textFrom } from './text.ts';

/** A `text_completion`: one choice per prompt. */
export function answerCompletion({ body, inputTokens, created, chance }: Question): Answer {
  const prompts = Array.isArray(body.prompt) ? body.prompt : [body.prompt];
  const texts = prompts.map(() => textFrom(chance));
  const outputTokens = texts.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    outputTokens,
    body: {
      id: `cmpl-${hexadecimal(chance, 24)}`,
      object: 'text_completion',
      created,
      model: body.model,
      choices: texts.map(({ text }, index) => ({
        index,
        text,
        logprobs: null,
        finish_reason: 'stop',
      })),
      usage: {
        prompt_tokens: inputTokens,
        completion_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens,
      },
    },
  };
}
