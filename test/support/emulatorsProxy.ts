import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What becomes of a request. */
export type Answer =
  /** This, and nothing is forwarded. */
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** It is forwarded, and the connection cut when the answer is there. */
  | 'lose reply'
  /** It is forwarded, and the connection cut within the body, after so many bytes of it. */
  | { readonly cutAfter: number }
  | 'forward';

export interface BadNetwork {
  readonly url: string;
  /** Everything that came in. */
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/**
 * A server that stands before an emulator and makes its network bad, or, without a target, in the
 * place of a service that has no emulator.
 *
 * @param decide what becomes of each request, in the order in which they come
 */
export async function startProxy(
  target: string | undefined,
  decide: (received: Received) => Answer | Promise<Answer>,
): Promise<BadNetwork> {
  const received: Received[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = '', url: path = '', headers } = incoming;
    const one = { method, path, headers, body: Buffer.concat(chunks) };
    received.push(one);
    const answer = await decide(one);
    if (typeof answer === 'object' && 'status' in answer)
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    else if (target === undefined) outgoing.destroy();
    else forward(new URL(target), one, outgoing, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(
  { hostname, port }: URL,
  { method, path, headers, body }: Received,
  outgoing: ServerResponse,
  answer: 'forward' | 'lose reply' | { cutAfter: number },
): void {
  const onward = request({ hostname, port, method, path, headers }, async (reply) => {
    if (answer === 'lose reply') {
      for await (const _ of reply);
      outgoing.destroy();
      return;
    }
    outgoing.writeHead(reply.statusCode ?? 0, reply.headers);
    if (answer === 'forward') return void reply.pipe(outgoing);
    let left = answer.cutAfter;
    for await (const chunk of reply) {
      outgoing.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) break;
    }
    // After what was written has left: a cut in the middle of a body.
    outgoing.write('', () => outgoing.socket?.destroySoon());
  });
  onward.on('error', () => outgoing.destroy());
  onward.end(body);
}

/** `first` for the first so many requests, then the request is forwarded. */
export function times(count: number, first: Answer): () => Answer {
  let left = count;
  return () => (left-- > 0 ? first : 'forward');
}
