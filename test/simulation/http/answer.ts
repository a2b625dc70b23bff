import { createApp } from '../../../shared/http/app.ts';
import type { HttpPorts } from '../../../shared/http/ports.ts';
import type { ApiAnswer } from './client.ts';

/** How long the API's function may take for a request. */
export const API_TIMEOUT_MS = 30_000;

/** The answer of the application, as its client reads it. */
export async function answerOf(
  ports: Omit<HttpPorts, 'authenticate'>,
  request: Request,
): Promise<ApiAnswer> {
  const authenticate = async () => ({ keyId: 'simulated', isOperator: false });
  const response = await createApp({ ...ports, authenticate }).fetch(request);
  const { status, headers } = response;
  return { status, headers, body: JSON.parse(await response.text()) };
}
