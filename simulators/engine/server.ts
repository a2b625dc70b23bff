import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, type FaultList, InjectedError, type Injection } from './faults.ts';
import type { JournalContent } from './journal.ts';
import { findRoute, type Reply, type Route } from './router.ts';

/** A running simulator of one provider. */
export interface Simulator {
  /** The base URL for the provider's SDK. */
  readonly url: string;
  readonly port: number;
  /** Makes the next calls that match go wrong. */
  inject(injection: Injection): void;
  /** What happened so far, after everything that is due by now has been done. */
  journal(): Promise<JournalContent>;
  /** Breaks all connections; a new simulator with the same data goes on. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly routes: readonly Route[];
  readonly faults: FaultList;
  /** Added to every call. */
  readonly latencyMs: number;
  /** Throws what `renderError` renders. */
  readonly authorize: (request: IncomingMessage) => void;
  /** Thrown for a path that no route has. */
  readonly notFound: (method: string, path: string) => Error;
  /** Any error as a reply in the provider's format. */
  readonly renderError: (error: unknown) => Reply;
  /** Headers of every reply. */
  readonly headers: () => Readonly<Record<string, string>>;
}

export interface RunningServer {
  readonly port: number;
  /** Breaks all connections. */
  close(): Promise<void>;
}

/** Longer than clients keep idle connections, or they meet resets that nobody injected. */
const KEEP_ALIVE_MS = 120_000;

/** Serves the routes on the loopback. Rejects when the port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = createServer((request, response) => {
    serve(options, request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const fault = options.faults.take(method, url.pathname);
  const delayMs = options.latencyMs + (fault?.kind === 'delay' ? fault.delayMs : 0);
  if (delayMs > 0) await delay(delayMs);
  if (fault?.kind === 'reset') {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(options.headers())) response.setHeader(name, value);
  let reply: Reply;
  try {
    if (fault?.kind === 'status') throw new InjectedError(fault);
    options.authorize(request);
    const found = findRoute(options.routes, method, url.pathname);
    if (!found) throw options.notFound(method, url.pathname);
    reply = await found.route.handle({
      parameters: found.parameters,
      query: url.searchParams,
      request,
    });
  } catch (error) {
    reply = options.renderError(error);
  }
  // A client that is still sending its body may take an early reply for a broken connection.
  if (!request.readableEnded) await finished(request.resume());
  await sendReply(response, reply, fault);
}

/** Sends a reply whole, or the way the fault has it. */
async function sendReply(
  response: ServerResponse,
  reply: Reply,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === 'lost' || ('lost' in reply && reply.lost)) {
    response.destroy();
    return;
  }
  const patch = fault?.kind === 'patch' ? fault.fields : {};
  const body =
    'json' in reply ? Buffer.from(JSON.stringify(patched(reply.json, patch)) ?? '') : reply.file;
  response.writeHead(reply.status, {
    ...('headers' in reply ? reply.headers : {}),
    'content-type': 'type' in body ? body.type : 'application/json',
    'content-length': 'bytes' in body ? body.bytes : body.length,
  });
  const start = 'path' in body ? (body.start ?? 0) : 0;
  // An empty range is not expressible to createReadStream, so `end` is kept at 0 or above.
  const limit = fault?.kind === 'cut' ? fault.afterBytes : Number.POSITIVE_INFINITY;
  const content =
    'path' in body
      ? createReadStream(body.path, { start, end: start + Math.max(0, limit - 1) })
      : Readable.from([body.subarray(0, limit)]);
  await pipeline(content, response, { end: fault?.kind !== 'cut' });
  // Lets what was written go out before the connection breaks.
  if (fault?.kind === 'cut') response.socket?.destroySoon();
}

function patched(json: unknown, fields: Readonly<Record<string, unknown>>): unknown {
  return typeof json === 'object' ? { ...json, ...fields } : json;
}

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The JSON object in the body of a call.
 *
 * @param refuse makes the provider's error for a body that is no JSON object or over 1 MiB
 */
export async function readJson(
  request: IncomingMessage,
  refuse: (problem: string) => Error,
): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw refuse(`the body has ${bytes} bytes, over ${MAX_BODY_BYTES}`);
  const value = parse(Buffer.concat(chunks).toString());
  if (!isObject(value)) throw refuse('the body is not a JSON object');
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
