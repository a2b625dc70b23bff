import { openAi } from '../../../../shared/providers/openai/description.ts';
import { connectOpenAi } from '../../../../shared/providers/openai/index.ts';
import { entryAt } from '../entry.ts';
import { type Answer, startStubServer } from '../stubServer.ts';

/** OpenAI's provider at an API with the test's answers. */
export async function startStub(answer: Answer) {
  const { url, requests } = await startStubServer(answer);
  const entry = entryAt(openAi, { baseUrl: `${url}/v1`, secret: 'sk-test' });
  return { provider: await connectOpenAi(entry), requests };
}
