import { hexadecimal } from '../../chance.ts';
import { isObject } from '../../readJson.ts';
import type { Answer, Question } from './reply.ts';
import { textFrom } from './text.ts';

const MAX_CHOICES = 128;

/** A `chat.completion`. */
export function answerChat({ body, inputTokens, created, chance }: Question): Answer {
  const wanted = typeof body.n === 'number' ? body.n : 1;
  const texts = Array.from({ length: Math.min(wanted, MAX_CHOICES) }, () => textFrom(chance));
  const forced = forcedTool(body);
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
        ...(forced === undefined ? said(text) : called(forced, text, chance)),
        logprobs: null,
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

function said(content: string) {
  const message = { role: 'assistant', content, refusal: null, annotations: [] };
  return { message, finish_reason: 'stop' };
}

function called(name: string, text: string, chance: () => number) {
  const call = {
    id: `call_${hexadecimal(chance, 24)}`,
    type: 'function',
    function: { name, arguments: JSON.stringify({ text }) },
  };
  const message = { role: 'assistant', content: null, refusal: null, tool_calls: [call] };
  return { message, finish_reason: 'tool_calls' };
}

/** The function that `tool_choice` asks for; with `required`, the first of the tools. */
function forcedTool({ tools, tool_choice: choice }: Question['body']): string | undefined {
  if (isObject(choice)) return nameOf(choice);
  return choice === 'required' && Array.isArray(tools) ? nameOf(tools[0]) : undefined;
}

function nameOf(tool: unknown): string | undefined {
  const called = isObject(tool) && isObject(tool.function) ? tool.function.name : undefined;
  return typeof called === 'string' ? called : undefined;
}
