import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SettingsOf } from '../../../../shared/providerSettings.ts';
import type { Provider } from '../../../../shared/providers/provider.ts';
import { geminiAt } from './provider.ts';

export interface Recorded {
  readonly method: string | undefined;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An API that answers as the test says, for what no simulator would do. Closes with the test. */
export async function startStub(
  answer: (request: Recorded, response: ServerResponse) => unknown,
  settings: Partial<SettingsOf<'gemini'>> = {},
): Promise<{ provider: Provider; requests: Recorded[] }> {
  const requests: Recorded[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url: path = '', headers } = request;
    const recorded = { method, path, headers, body };
    requests.push(recorded);
    await answer(recorded, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { provider: await geminiAt(baseUrl, settings), requests };
}

export function sendJson(response: ServerResponse, value: unknown, headers: object = {}): void {
  response
    .writeHead(200, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify(value));
}
