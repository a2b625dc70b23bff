import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { UsageError } from '../commandLine.ts';
import { FUNCTION_URL_PATH, LOCAL_ACCOUNT_ID } from '../template/account.ts';
import { type Service, type ServiceResponse, serviceError } from './service.ts';

/** One endpoint for all AWS services, for AWS_ENDPOINT_URL. */
export interface Gateway {
  /** Without a slash at the end. */
  readonly url: string;
  /** Sets the routes. Until then every request is refused. */
  route(routes: GatewayRoutes): void;
  stop(): void;
}

interface GatewayRoutes {
  /** The services that the local run implements itself, by signing name. */
  readonly services: Readonly<Record<string, Service>>;
  /** The endpoints of the emulators, by the signing names of their services. */
  readonly upstreams: Readonly<Record<string, string>>;
  /** Called after an emulator has carried out a request, by signing name. */
  readonly onSuccess?: Readonly<Record<string, OnSuccess>>;
  /** Operations that the emulator of their service lacks, by X-Amz-Target. */
  readonly operations?: Readonly<Record<string, Service>>;
}

/** Another program uses the port. */
class PortInUseError extends UsageError {
  override readonly name = 'PortInUseError';
  constructor(port: number) {
    super(`port ${port} is in use: use another one with --port, or omit --port for a free one`);
  }
}

/** Larger than Lambda's largest payload, which is 6 MB. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

class BodyTooLargeError extends Error {
  constructor() {
    super(`the request body is over ${MAX_BODY_BYTES} bytes`);
  }
}

/**
 * Starts the endpoint on the loopback.
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
    if (upstream !== undefined)
      forward(request, response, name, upstream, routes.onSuccess?.[name]);
    else void respond(service ?? unknownService(name), url, request, response);
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
    route(newRoutes) {
      routes = newRoutes;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function respond(
  service: Service,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const result = await readBody(request)
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
    .catch(
      (error): ServiceResponse =>
        error instanceof BodyTooLargeError
          ? serviceError(413, 'RequestEntityTooLargeException', error.message)
          : serviceError(400, 'ValidationException', String(error)),
    );
  const isRaw = typeof result.body === 'string' || Buffer.isBuffer(result.body);
  const body = isRaw ? result.body : JSON.stringify(result.body);
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

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unknownService(name: string): Service {
  return () =>
    serviceError(400, 'UnknownServiceException', `a local run has no service named ${name}`);
}

const CREDENTIAL_SCOPE = /Credential=[^/\s]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/;

/** Unsigned requests are told apart by the prefix of X-Amz-Target. */
const TARGETS: readonly (readonly [string, string])[] = [
  ['DynamoDB', 'dynamodb'],
  ['AmazonSQS', 'sqs'],
  ['secretsmanager', 'secretsmanager'],
  ['AWSEvents', 'events'],
];

/** Function URLs have no signing name, since their callers sign nothing. */
export const FUNCTION_URLS = 'function-url';

/**
 * The service that a request is for, by the name with which it was signed.
 *
 * @returns a signing name such as `sqs`, FUNCTION_URLS, or `s3` for a request without a name
 */
function serviceOf(url: URL, headers: IncomingHttpHeaders): string {
  if (FUNCTION_URL_PATH.test(url.pathname)) return FUNCTION_URLS;
  const presigned = `Credential=${url.searchParams.get('X-Amz-Credential') ?? ''}`;
  const signed =
    CREDENTIAL_SCOPE.exec(headers.authorization ?? '') ?? CREDENTIAL_SCOPE.exec(presigned);
  if (signed?.[1] !== undefined) return signed[1];
  const target = String(headers['x-amz-target'] ?? '');
  const known = TARGETS.find(([prefix]) => target.startsWith(prefix));
  if (known !== undefined) return known[1];
  return url.pathname.startsWith('/2015-03-31/functions/') ? 'lambda' : 's3';
}

/** SQS operations whose replies contain queue URLs. */
const REPLIES_WITH_URLS =
  /^AmazonSQS\.(GetQueueUrl|ListQueues|CreateQueue|ListDeadLetterSourceQueues)$/;
const QUEUE_URL = new RegExp(`http://[^"/]+/${LOCAL_ACCOUNT_ID}/`, 'g');

/** Called after an emulator has carried out a request and before its sender gets the reply. */
type OnSuccess = (request: IncomingMessage) => Promise<void>;

/** Streams a request to an emulator and its reply back. */
function forward(
  request: IncomingMessage,
  response: ServerResponse,
  service: string,
  upstream: string,
  onSuccess?: OnSuccess,
): void {
  // Some SDKs send SQS requests to the queue's URL, but the emulator serves only the root.
  const path = service === 'sqs' ? '/' : request.url;
  const outgoing = httpRequest(
    new URL(upstream),
    { method: request.method, path, headers: request.headers },
    (incoming) => {
      const { statusCode = 502, headers } = incoming;
      if (REPLIES_WITH_URLS.test(String(request.headers['x-amz-target'] ?? ''))) {
        rewriteQueueUrls(incoming, request.headers.host ?? '').then(
          (body) => {
            const length = { 'content-length': Buffer.byteLength(body) };
            response.writeHead(statusCode, { ...headers, ...length });
            response.end(body);
          },
          (error) => response.destroy(error),
        );
        return;
      }
      const sendReply = (): void => {
        response.writeHead(statusCode, headers);
        pipeline(incoming, response, () => {});
      };
      if (onSuccess === undefined || statusCode >= 300) return sendReply();
      onSuccess(request).then(sendReply, (error) => response.destroy(error));
    },
  );
  outgoing.on('error', (error) => {
    if (!response.headersSent) response.writeHead(502);
    response.end(`the ${service} emulator does not respond: ${error.message}`);
  });
  pipeline(request, outgoing, () => {});
}

/**
 * Rewrites the queue URLs in a reply. Those of the emulator have a host that only its own tests
 * resolve, and may have the port of an earlier run.
 */
async function rewriteQueueUrls(reply: IncomingMessage, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  return body.replace(QUEUE_URL, `http://${host}/${LOCAL_ACCOUNT_ID}/`);
}
