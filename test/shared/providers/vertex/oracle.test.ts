import { type GenerateContentRequest, VertexAI } from '@google-cloud/vertexai';
import { expect, onTestFinished, test, vi } from 'vitest';
import { routeOf } from '../../../../shared/providers/vertex/requests.ts';
import { BIGQUERY, vertexSettings } from './world.ts';

/**
 * Google's own SDK for Vertex AI as a second opinion: it has no batches, but sends the same
 * requests one by one.
 */

const MODEL = 'gemini-2.5-flash';

/** The body that the SDK sends for a request in its own types. */
async function bodyOfSdk(systemInstruction: string, request: GenerateContentRequest) {
  // The SDK says at each start that it is deprecated.
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const bodies: unknown[] = [];
  const answer = { candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'a' }] } }] };
  const send = vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, options) => {
    bodies.push(JSON.parse(String(options?.body)));
    return Response.json(answer);
  });
  onTestFinished(() => {
    warn.mockRestore();
    send.mockRestore();
  });
  const googleAuthOptions = { credentials: { client_email: 'a@b.c', private_key: 'none' } };
  const client = new VertexAI({ project: 'a-project', location: 'us-central1', googleAuthOptions });
  const model = client.getGenerativeModel({ model: MODEL, systemInstruction });
  // Instead of a token from Google.
  Object.assign(model, { fetchToken: async () => 'a-token' });
  await model.generateContent(request);
  return bodies[0];
}

/** The request that a job gets for a chat completion. */
function requestOfJob(body: object): Record<string, unknown> {
  const settings = vertexSettings({ store: BIGQUERY });
  const job = { endpoint: '/v1/chat/completions', model: MODEL, format: 'openai' as const };
  return { ...routeOf(settings, job).line({ model: MODEL, ...body }, 'r').request };
}

const PIXEL = 'iVBORw0KGgo=';

test('a conversation has the body that the SDK sends for it', async () => {
  const sent = await bodyOfSdk('Be short.', {
    contents: [
      {
        role: 'user',
        parts: [{ text: 'What is it?' }, { inlineData: { mimeType: 'image/png', data: PIXEL } }],
      },
      { role: 'model', parts: [{ text: 'A pixel.' }] },
      { role: 'user', parts: [{ text: 'Sure?' }] },
    ],
    generationConfig: {
      temperature: 0.5,
      topP: 0.9,
      maxOutputTokens: 100,
      stopSequences: ['END'],
      candidateCount: 2,
      responseMimeType: 'application/json',
    },
  });
  const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } };
  const request = requestOfJob({
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] },
      { role: 'assistant', content: 'A pixel.' },
      { role: 'user', content: 'Sure?' },
    ],
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 100,
    stop: ['END'],
    n: 2,
    response_format: { type: 'json_object' },
  });
  // The SDK gives the instruction a role, which the API ignores.
  expect({
    ...request,
    systemInstruction: { role: 'system', ...(request.systemInstruction as object) },
  }).toEqual(sent);
});
