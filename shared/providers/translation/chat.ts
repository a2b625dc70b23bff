/** A chat completion request, in no provider's format. All translations start from it. */
export interface Chat {
  /** The system and developer messages, which must come first. */
  readonly instructions: readonly TextPart[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  /** `tool`: the model must call this tool. */
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly tool: string } | undefined;
  readonly parallelToolCalls: boolean | undefined;
  readonly responseFormat: ResponseFormat | undefined;
  /** `max_completion_tokens`, or else `max_tokens`. */
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly stop: readonly string[];
  /** The number of choices. */
  readonly n: number | undefined;
  readonly seed: number | undefined;
  readonly presencePenalty: number | undefined;
  readonly frequencyPenalty: number | undefined;
  readonly reasoningEffort: string | undefined;
  readonly user: string | undefined;
}

export type Turn =
  | { readonly role: 'user'; readonly parts: readonly Part[] }
  | {
      readonly role: 'assistant';
      readonly parts: readonly TextPart[];
      readonly toolCalls: readonly ToolCall[];
    }
  /** The results of the calls of the turn before. */
  | { readonly role: 'tool'; readonly results: readonly ToolResult[] };

/** Anthropic's mark of the end of a prompt's beginning that is worth caching. */
export interface CacheControl {
  readonly type: 'ephemeral';
  readonly ttl?: '5m' | '1h' | undefined;
}

interface CacheablePart {
  /** Only for providers that take it. */
  readonly cacheControl?: CacheControl | undefined;
}

export interface TextPart extends CacheablePart {
  readonly type: 'text';
  readonly text: string;
}
/** An image or a file in the request itself, as base64. */
export interface InlinePart extends CacheablePart {
  readonly type: 'image' | 'file';
  readonly mediaType: string;
  readonly data: string;
  /** Of a file. */
  readonly name?: string | undefined;
}
/** An image or a file that the provider fetches. */
export interface UrlPart extends CacheablePart {
  readonly type: 'image_url' | 'file_url';
  readonly url: string;
  /** Of a file. */
  readonly name?: string | undefined;
}
export type Part = TextPart | InlinePart | UrlPart;

/** Whether a part is a text of nothing but whitespace, which some providers refuse. */
export function isBlankPart(part: Part): boolean {
  return part.type === 'text' && part.text.trim() === '';
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}
export interface ToolResult {
  readonly callId: string;
  /** The name in the call that it answers. */
  readonly name: string;
  readonly text: string;
  readonly cacheControl?: CacheControl | undefined;
}
export interface Tool {
  readonly name: string;
  readonly description: string | undefined;
  /** A JSON schema. */
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
  readonly strict: boolean | undefined;
  readonly cacheControl?: CacheControl | undefined;
}
export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict: boolean | undefined;
    };

/** https://platform.openai.com/docs/api-reference/chat/object */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** One choice of an answer, in no provider's format. */
export interface Answer {
  /** `null` without a text. */
  readonly text: string | null;
  readonly refusal: string | null;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
}

export interface AnswerUsage {
  /** Of the whole prompt, including what came from a cache. */
  readonly promptTokens: number;
  /** Of everything generated, including reasoning. */
  readonly completionTokens: number;
  readonly cachedTokens?: number | undefined;
  /** Part of the prompt that was written to a cache. */
  readonly cacheWriteTokens?: number | undefined;
  /** Part of that which stays there for an hour instead of five minutes. */
  readonly longCacheWriteTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** What a chat completion contains that a provider's answer may not. */
export interface CompletionFacts {
  readonly id: string;
  readonly model: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/** The body of a chat completion response: https://platform.openai.com/docs/api-reference/chat/object */
export interface ChatCompletion extends CompletionFacts {
  readonly object: 'chat.completion';
  readonly choices: readonly {
    readonly index: number;
    readonly message: AssistantMessage;
    readonly logprobs: null;
    readonly finish_reason: FinishReason;
  }[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    readonly prompt_tokens_details: object;
    readonly completion_tokens_details: { readonly reasoning_tokens: number };
  };
}

interface AssistantMessage {
  readonly role: 'assistant';
  readonly content: string | null;
  readonly refusal: string | null;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly type: 'function';
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

export function chatCompletion(
  { id, created, model }: CompletionFacts,
  answers: readonly Answer[],
  usage: AnswerUsage,
): ChatCompletion {
  const { promptTokens, completionTokens, reasoningTokens = 0 } = usage;
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: answers.map((answer, index) => ({
      index,
      message: assistantMessage(answer),
      logprobs: null,
      finish_reason: answer.finishReason,
    })),
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: promptDetails(usage),
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    },
  };
}

function promptDetails({
  cachedTokens = 0,
  cacheWriteTokens: written = 0,
  longCacheWriteTokens: long = 0,
}: AnswerUsage): object {
  const read = { cached_tokens: cachedTokens };
  if (written === 0) return read;
  const lifetimes = { ttl_5m_tokens: written - long, ttl_1h_tokens: long };
  return { ...read, cache_write_tokens: written, cache_write_tokens_details: lifetimes };
}

function assistantMessage({ text, refusal, toolCalls }: Answer): AssistantMessage {
  const message = { role: 'assistant' as const, content: text, refusal };
  if (toolCalls.length === 0) return message;
  const calls = toolCalls.map(({ id, name, arguments: values }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: JSON.stringify(values) },
  }));
  return { ...message, tool_calls: calls };
}

/** The body of an embeddings response with one vector. */
export function embeddingsResponse(
  embedding: readonly number[],
  model: string,
  tokens: number,
): object {
  return {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding }],
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
