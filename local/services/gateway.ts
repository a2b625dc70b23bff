import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../usageError.ts';
import { forward, type OnDone } from './forward.ts';
import { serviceOf } from './route.ts';
import { type Service, type ServiceResponse, serviceError } from './service.ts';

/** One address for every service of the stack, as AWS_ENDPOINT_URL wants it. */
export interface Gateway {
  /** Without a slash at the end. */
  readonly url: string;
  /** Says who answers; until then every request is refused. */
  route(routes: GatewayRoutes): void;
  stop(): void;
}

interface GatewayRoutes {
  /** Services that are answered here, by signing name. */
  readonly services: Readonly<Record<string, Service>>;
  /** Base URLs of services that are answered elsewhere, by signing name. */
  readonly upstreams: Readonly<Record<string, string>>;
  /** Hear of what those have done, by signing name. */
  readonly onDone?: Readonly<Record<string, OnDone>>;
  /** Operations that are answered here although their service is not, by X-Amz-Target. */
  readonly operations?: Readonly<Record<string, Service>>;
}

/** The port that was asked for belongs to another program. */
class PortInUseError extends UsageError {
  override readonly name = 'PortInUseError';
  constructor(port: number) {
    super(`port ${port} is in use: choose another one with --port, or leave it out for a free one`);
  }
}

/** Above Lambda's largest payload, 6 MB. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Listens on this machine only.
 *
 * @param port 0 for a free one
 * @throws PortInUseError
 */
export async function startGateway(port: number): Promise<Gateway> {
  let routes: GatewayRoutes = { services: {}, upstreams: {} };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const name = serviceOf(url, request.headers);
    const operation = routes.operations?.[String(request.headers['x-amz-target'] ?? '')];
    const service = operation ?? routes.services[name];
    const upstream = operation === undefined ? routes.upstreams[name] : undefined;
    if (upstream !== undefined) forward(request, response, name, upstream, routes.onDone?.[name]);
    else void answer(service ?? unknownService(name), url, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(port) : error),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actualPort}`,
    route(given) {
      routes = given;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  service: Service,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const result = await read(request)
    .then((bytes) => {
      const headers = headersOf(request);
      return service({
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        header: (name) => headers[name],
        headers,
        bytes,
        body: bytes.toString('utf8'),
      });
    })
    .catch((error): ServiceResponse => serviceError(400, 'ValidationException', String(error)));
  const { body: given } = result;
  const isRaw = typeof given === 'string' || Buffer.isBuffer(given);
  const body = isRaw ? given : JSON.stringify(given);
  response.writeHead(result.status, {
    'content-type': 'application/x-amz-json-1.1',
    ...result.headers,
  });
  response.end(result.status === 204 ? undefined : body);
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(texts);
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the request body is over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unknownService(name: string): Service {
  return () => serviceError(400, 'UnknownServiceException', `a local run has no service ${name}`);
}
