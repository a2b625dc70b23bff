import * as z from 'zod';

/**
 * What the `body` of a batch's requests is written in: OpenAI's words, translated for the batch's
 * provider, or the provider's own, passed through.
 */
export const formatSchema = z.enum(['openai', 'native']);
export type Format = z.infer<typeof formatSchema>;
