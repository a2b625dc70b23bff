import * as z from 'zod';
import { cannotExpress, expressible, parseBody } from '../fields.ts';

const FIELDS: ReadonlySet<string> = new Set(['input', 'dimensions', 'encoding_format']);

const requestSchema = z.looseObject({
  // Token arrays are of OpenAI's own tokenizer.
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

/** See `embedContentRequest`. */
export function embeddingOf(
  body: Readonly<Record<string, unknown>>,
  { provider, dropFields }: { readonly provider: string; readonly dropFields: readonly string[] },
): Record<string, unknown> {
  const kept = expressible(body, { provider, dropFields, fields: FIELDS });
  const { input, dimensions, encoding_format: encoding } = parseBody(requestSchema, kept);
  if (encoding === 'base64' && !dropFields.includes('encoding_format'))
    throw cannotExpress('body.encoding_format', provider, 'use float');
  const texts = [input].flat();
  if (texts.length > 1)
    throw cannotExpress('body.input', provider, 'send one text in each request');
  return {
    content: { parts: texts.map((text) => ({ text })) },
    ...(dimensions == null ? {} : { outputDimensionality: dimensions }),
  };
}
