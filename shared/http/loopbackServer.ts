import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { ApiError, errorResponse } from './apiError.ts';

/** The address of every server on the loopback: nobody on the network reaches it. */
const ADDRESS = '127.0.0.1';

/** Names of this machine, of which no other can have the address: RFC 6761, section 6.3. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** More than any client sends, and Node's own default. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10 * SECOND_MS;
/** 8 GB, the largest upload, take less at 1 MB a second. */
const REQUEST_TIMEOUT_MS = 6 * 60 * MINUTE_MS;
/** Of a connection on which nothing moves. A request may wait for storage meanwhile. */
const IDLE_TIMEOUT_MS = 5 * MINUTE_MS;
/** How long requests may go on when the server is stopped. */
const CLOSING_MS = 10 * SECOND_MS;

export interface LoopbackServer {
  /** Such as `http://127.0.0.1:4100`. */
  readonly url: string;
  /** Takes no further requests, and resolves when those that are being answered have ended. */
  close(): Promise<void>;
}

/** Another program has the port. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  constructor(port: number) {
    super(
      `port ${port} of ${ADDRESS} is in use: stop the program that uses it, or choose another port`,
    );
  }
}

/**
 * Serves an application on the loopback. It answers only requests for this machine, and none that a page
 * of another site makes in a browser: neither Host nor Origin may be anything but a name of the loopback.
 *
 * @param fetch the application
 * @param port 0 for a free one
 * @throws PortTakenError
 */
export async function serveOnLoopback(
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<LoopbackServer> {
  const answer = (request: Request) => {
    const refused = refusalOf(request.headers);
    return refused ? errorResponse(refused) : fetch(request);
  };
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    },
    getRequestListener(answer, { overrideGlobalObjects: false }),
  );
  server.setTimeout(IDLE_TIMEOUT_MS);
  const listening = await listen(server, port);
  return { url: `http://${ADDRESS}:${listening}`, close: () => close(server) };
}

/** @returns the port */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTakenError(port) : error),
    );
    server.listen(port, ADDRESS, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
  await closed;
  clearTimeout(late);
}

/** What is wrong with where a request says that it goes, or comes from; undefined if nothing is. */
function refusalOf(headers: Headers): ApiError | undefined {
  const host = headers.get('host') ?? '';
  const origin = headers.get('origin');
  if (!isLoopback(`http://${host}`))
    return forbidden('Host', 'another name than 127.0.0.1 or localhost');
  if (origin !== null && !isLoopback(origin))
    return forbidden('Origin', 'the page of another site');
  return undefined;
}

function isLoopback(url: string): boolean {
  return LOOPBACK_NAMES.has(URL.parse(url)?.hostname ?? '');
}

function forbidden(header: string, what: string): ApiError {
  return new ApiError(
    403,
    `this server is for programs of this machine: the header ${header} names ${what}`,
  );
}
