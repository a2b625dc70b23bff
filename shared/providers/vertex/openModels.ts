import { refusal } from '../../batch/errors.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * A line for Llama and other open models, whose format is OpenAI's own.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/maas/capabilities/batch-prediction
 *
 * @throws RefusedError for an image: their batch jobs take texts only
 */
export function openLine(
  body: Body,
  request: { readonly reference: string; readonly endpoint: string; readonly model: string },
): object {
  refuseImages(body);
  const { reference, endpoint, model } = request;
  return { custom_id: reference, method: 'POST', url: endpoint, body: { ...body, model } };
}

function refuseImages({ messages }: Body): void {
  if (!Array.isArray(messages)) return;
  for (const [index, message] of messages.entries()) {
    const parts: unknown = message?.content;
    if (!Array.isArray(parts)) continue;
    const position = parts.findIndex((part) => part?.type !== 'text');
    if (position < 0) continue;
    const place = `body.messages[${index}].content[${position}]`;
    const text = `${place} is no text, which is all that batch jobs of this model take at Vertex AI: use Gemini or Claude`;
    throw refusal('unsupported_field', text);
  }
}
