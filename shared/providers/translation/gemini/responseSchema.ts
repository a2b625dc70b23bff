import * as z from 'zod';

const count = z.number().int().nonnegative().nullish();

const part = z.object({
  text: z.string().optional(),
  thought: z.boolean().nullish(),
  functionCall: z
    .object({
      id: z.string().nullish(),
      name: z.string().min(1),
      args: z.record(z.string(), z.unknown()).nullish(),
    })
    .optional(),
});

const candidate = z.object({
  // Parts of other kinds have no place in a chat completion.
  content: z.object({ parts: z.array(part).nullish() }).nullish(),
  finishReason: z.string().nullish(),
});
export type Candidate = z.infer<typeof candidate>;

const usageMetadata = z.object({
  promptTokenCount: count,
  toolUsePromptTokenCount: count,
  cachedContentTokenCount: count,
  candidatesTokenCount: count,
  thoughtsTokenCount: count,
});
export type UsageMetadata = Partial<z.infer<typeof usageMetadata>>;

const answerSchema = z.object({
  candidates: z.array(candidate).optional(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: usageMetadata.nullish(),
  modelVersion: z.string().nullish(),
  responseId: z.string().nullish(),
});

/** Throws an Error without the answer's content. */
export function parseAnswer(response: unknown): z.infer<typeof answerSchema> {
  const parsed = answerSchema.safeParse(response);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map(String).join('.');
  throw new Error(`the answer is none of generateContent: ${path || 'it is no object'}`);
}
