import { requestMessageSchema } from '../../batch/collectorMessages.ts';
import { refusal } from '../../batch/errors.ts';
import { checkRequest } from '../../jsonl/checkRequest.ts';
import type { CollectorDependencies } from './accept.ts';
import type { CollectedRequest } from './collectedRequest.ts';

/**
 * Checks a request by all that the inspection of its batch will ask of it.
 *
 * @throws RefusedError naming the field and what is allowed, never what the request says
 */
export async function checkedRequest(
  { providers, collector: { settings } }: CollectorDependencies,
  message: object,
  messageId: string,
): Promise<CollectedRequest> {
  const parsed = requestMessageSchema.safeParse(message);
  if (!parsed.success) {
    const issues = parsed.error.issues
      .slice(0, 3)
      .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '));
    throw refusal('invalid_message', issues.join('; '));
  }
  const { provider = settings.provider ?? providers.names[0] ?? '', ...request } = parsed.data;
  const line = Buffer.from(`${JSON.stringify(request)}\n`);
  const checked = checkRequest({ number: 1, offset: 0, bytes: line });
  if ('code' in checked) throw refusal(checked.code, checked.message);
  const description = await providers.describe(provider);
  const { endpoints, limits } = description;
  const { url: endpoint, model } = checked;
  if (!endpoints.includes(endpoint)) {
    const text = `url is not one of provider ${provider}: use one of ${endpoints.join(', ')}`;
    throw refusal('unsupported_url', text);
  }
  if (line.length > limits.maxBytes) {
    const text = `the request has ${line.length} bytes, a whole job at most ${limits.maxBytes}`;
    throw refusal('request_too_large', `${text}: make it smaller`);
  }
  description.checkRequest?.(checked, 'openai');
  return { messageId, provider, model, endpoint, line };
}
