import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One request of the watched function: a point at which it can be killed. */
export interface Point {
  /** From 1, in the order in which they came. */
  readonly number: number;
  /** What it asks for, in short: the service and the operation. */
  readonly name: string;
}

/** `before`: the request has not left. `after`: the service has answered, the function not heard. */
export type Moment = 'before' | 'after';

export interface WatchedNetwork {
  /** Addresses that lead through here, by name. */
  readonly urls: Readonly<Record<string, string>>;
  /** Every request since the last reset. */
  readonly points: readonly Point[];
  /** Begins to count anew. `meet` is awaited at each moment of each request. */
  reset(meet: (point: Point, moment: Moment) => Promise<void>): void;
  close(): Promise<void>;
}

/** Stands between one function and everything that it talks to. */
export async function startWatchedNetwork(
  targets: Readonly<Record<string, string>>,
): Promise<WatchedNetwork> {
  let points: Point[] = [];
  let meet: (point: Point, moment: Moment) => Promise<void> = async () => {};
  const servers: Server[] = [];
  const urls: Record<string, string> = {};
  for (const [name, target] of Object.entries(targets)) {
    const { origin, pathname } = new URL(target);
    const server = createServer(async (incoming, outgoing) => {
      incoming.on('error', () => {});
      const point = { number: points.length + 1, name: `${name} ${operationOf(incoming)}` };
      points.push(point);
      const body = await buffer(incoming).catch(() => undefined);
      if (body === undefined) return void outgoing.destroy();
      await meet(point, 'before');
      if (outgoing.destroyed) return;
      try {
        const { method, url, headers } = incoming;
        const answer = await send(new URL(url ?? '/', origin), { method, headers }, body);
        await meet(point, 'after');
        outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      } catch {
        outgoing.destroy();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const path = pathname === '/' ? '' : pathname;
    urls[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    servers.push(server);
  }
  return {
    urls,
    get points() {
      return points;
    },
    reset(newMeet) {
      points = [];
      meet = newMeet;
    },
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function send(
  url: URL,
  options: { method: string | undefined; headers: IncomingMessage['headers'] },
  body: Buffer,
) {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    // A connection of its own: a kept one may be closing.
    const onward = httpRequest(url, { ...options, method: options.method ?? 'GET', agent: false });
    onward.on('response', resolve).on('error', reject).end(body);
  });
  const { statusCode: status = 502, headers } = answer;
  return { status, headers, body: await buffer(answer) };
}

function operationOf({ method, url = '/', headers }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  if (target !== undefined) return String(target).split('.').at(-1) ?? '';
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const invocation = pathname.endsWith('/invocations') ? 'Invoke' : pathname;
  return [method, invocation, ...[...searchParams.keys()].slice(0, 1)].join(' ');
}
