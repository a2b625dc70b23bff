import type { SettingsOf } from '../../../../shared/providerSettings.ts';
import { type Answer, startStubServer } from '../stubServer.ts';
import { geminiAt } from './provider.ts';

/** Gemini's provider at an API that answers as the test says. */
export async function startStub(answer: Answer, settings: Partial<SettingsOf<'gemini'>> = {}) {
  const { url, requests } = await startStubServer(answer);
  return { provider: await geminiAt(url, settings), requests };
}
