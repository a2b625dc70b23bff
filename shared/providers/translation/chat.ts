/** A chat completion request, in words that no provider owns: what every translation starts from. */
export interface Chat {
  /** System and developer messages, which may stand at the beginning only. */
  readonly instructions: readonly string[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  /** `tool`: this one must be called. */
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly tool: string } | undefined;
  readonly parallelToolCalls: boolean | undefined;
  readonly responseFormat: ResponseFormat | undefined;
  /** `max_completion_tokens`, or else `max_tokens`. */
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly stop: readonly string[];
  /** Choices asked for. */
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
  /** The answers to the calls of the turn before. */
  | { readonly role: 'tool'; readonly results: readonly ToolResult[] };

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}
export type Part =
  | TextPart
  /** `data` is base64. */
  | { readonly type: 'image'; readonly mediaType: string; readonly data: string };

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}
export interface ToolResult {
  readonly callId: string;
  /** Of the call that it answers. */
  readonly name: string;
  readonly text: string;
}
export interface Tool {
  readonly name: string;
  readonly description: string | undefined;
  /** JSON schema. */
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
  readonly strict: boolean | undefined;
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
