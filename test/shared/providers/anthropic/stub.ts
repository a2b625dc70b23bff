import { type Answer, startStubServer } from '../stubServer.ts';
import { anthropicAt } from './provider.ts';

/** Anthropic's provider at an API with the test's answers. */
export async function startStub(answer: Answer) {
  const { url, requests } = await startStubServer(answer);
  return { provider: await anthropicAt(url), requests };
}
