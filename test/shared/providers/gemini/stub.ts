import type { GeminiSettings } from '../../../../shared/providers/gemini/description.ts';
import type { WebhookTarget } from '../../../../shared/providers/provider.ts';
import { type Answer, startStubServer } from '../stubServer.ts';
import { geminiAt } from './provider.ts';

/** Gemini's provider at an API with the test's answers. */
export async function startStub(
  answer: Answer,
  settings: Partial<GeminiSettings> = {},
  webhook?: WebhookTarget,
) {
  const { url, requests } = await startStubServer(answer);
  return { provider: await geminiAt(url, settings, webhook), requests };
}
