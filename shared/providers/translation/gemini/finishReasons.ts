import type { FinishReason } from '../chatCompletion.ts';

/** https://ai.google.dev/api/generate-content#FinishReason; any other is a plain end. */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
};

/** The model wrote what cannot be read: it may do better the next time. */
const MALFORMED: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
]);

export function isMalformed(reason: string): boolean {
  return MALFORMED.has(reason);
}

/** Gemini says STOP of a turn that ends in function calls, too. */
export function finishReasonOf(reason: string, callsTools: boolean): FinishReason {
  const known = Object.hasOwn(FINISH_REASONS, reason) ? FINISH_REASONS[reason] : undefined;
  const finish = known ?? 'stop';
  return callsTools && finish === 'stop' ? 'tool_calls' : finish;
}
