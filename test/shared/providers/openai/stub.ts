import { DEFAULT_LIMITS } from '../../../../shared/providers/kinds.ts';
import { openAiProvider } from '../../../../shared/providers/openai/index.ts';
import { type Answer, startStubServer } from '../stubServer.ts';

/** OpenAI's provider at an API that answers as the test says. */
export async function startStub(answer: Answer) {
  const { url, requests } = await startStubServer(answer);
  const connection = { apiKey: 'sk-test', baseUrl: `${url}/v1` };
  return { provider: openAiProvider(connection, { limits: DEFAULT_LIMITS.openai }), requests };
}
