import { readChat } from '../readChat.ts';
import { contentsOf } from './contents.ts';
import { embeddingOf } from './embedding.ts';
import { expressibleFields } from './fields.ts';
import { generationConfigOf } from './generationConfig.ts';
import { toolFieldsOf } from './tools.ts';

export interface GeminiRules {
  /** For errors, such as `Gemini`. */
  readonly provider: string;
  /** The entry's `dropFields`. */
  readonly dropFields: readonly string[];
  /** The provider's name for the model, on which some fields depend. Default: the request's. */
  readonly model?: string | undefined;
}

/**
 * A chat completion request as a GenerateContentRequest, which names no model:
 * https://ai.google.dev/api/generate-content#request-body
 *
 * @throws RefusedError naming the field that is malformed, or that Gemini cannot express
 */
export function generateContentRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, dropFields, model = String(body.model) }: GeminiRules,
): Record<string, unknown> {
  const fields = expressibleFields(body, { provider, dropFields, model });
  const chat = readChat(body, { provider, dropFields, fields });
  const instructions = chat.instructions.filter((text) => text !== '');
  const generationConfig = generationConfigOf(chat, model);
  return {
    contents: contentsOf(chat.turns, { provider, model }),
    ...(instructions.length === 0
      ? {}
      : { systemInstruction: { parts: instructions.map((text) => ({ text })) } }),
    ...toolFieldsOf(chat, provider),
    ...(Object.keys(generationConfig).length === 0 ? {} : { generationConfig }),
  };
}

/**
 * An embeddings request as an EmbedContentRequest, which holds one text and names no model:
 * https://ai.google.dev/api/embeddings#request-body
 *
 * @throws RefusedError naming the field that is malformed, or that Gemini cannot express
 */
export function embedContentRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, dropFields }: Omit<GeminiRules, 'model'>,
): Record<string, unknown> {
  return embeddingOf(body, { provider, dropFields });
}
