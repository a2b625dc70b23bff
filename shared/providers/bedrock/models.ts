/** How a model is spoken to in a batch job. */
export type Family =
  /** Anthropic's Messages API. */
  | 'claude'
  /** Amazon's `messages-v1`, which has the words of Converse. */
  | 'nova'
  | 'titan-embeddings'
  /** No translation for these: they take native requests only. */
  | 'other-embeddings'
  /** Any other that can hold a conversation, through Converse. */
  | 'converse';

/**
 * By the model's id, the id of an inference profile or an ARN, such as `amazon.nova-lite-v1:0`,
 * `us.anthropic.claude-…` and `arn:aws:bedrock:…:inference-profile/us.anthropic.claude-…`. An ARN
 * that names no model, as that of an application's inference profile, is spoken to by Converse.
 */
const FAMILIES: readonly (readonly [RegExp, Family])[] = [
  [/(^|[./])anthropic\.claude/, 'claude'],
  [/(^|[./])amazon\.titan-embed-text-v2/, 'titan-embeddings'],
  [/embed/, 'other-embeddings'],
  [/(^|[./])amazon\.nova/, 'nova'],
];

export function familyOf(modelId: string): Family {
  return FAMILIES.find(([pattern]) => pattern.test(modelId))?.[1] ?? 'converse';
}
