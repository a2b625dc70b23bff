import type { Chat } from '../chat.ts';
import { thinkingConfigOf } from './thinking.ts';

/** https://ai.google.dev/api/generate-content#generationconfig */
export function generationConfigOf(chat: Chat, model: string): Record<string, unknown> {
  const { maxTokens, temperature, topP, stop, n, seed, reasoningEffort } = chat;
  const thinkingConfig = thinkingConfigOf(reasoningEffort, model);
  return {
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
    // 1 is the default, and the only one that every model takes.
    ...(n === undefined || n === 1 ? {} : { candidateCount: n }),
    ...(seed === undefined ? {} : { seed }),
    ...penaltiesOf(chat),
    ...(thinkingConfig === undefined ? {} : { thinkingConfig }),
    ...outputOf(chat),
  };
}

/** 0 is the default; some models refuse the fields themselves. */
function penaltiesOf({ presencePenalty, frequencyPenalty }: Chat): object {
  return {
    ...(presencePenalty ? { presencePenalty } : {}),
    ...(frequencyPenalty ? { frequencyPenalty } : {}),
  };
}

/** https://ai.google.dev/gemini-api/docs/structured-output; a schema is always kept to there. */
function outputOf({ responseFormat }: Chat): object {
  if (responseFormat === undefined || responseFormat.type === 'text') return {};
  const json = { responseMimeType: 'application/json' };
  return responseFormat.type === 'json_object'
    ? json
    : { ...json, responseJsonSchema: responseFormat.schema };
}
