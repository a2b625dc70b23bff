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

const CREDENTIAL_SCOPE = /Credential=[^/\s]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/;

/** Signing names of services whose requests may come unsigned, by the prefix of X-Amz-Target. */
const TARGETS: readonly (readonly [string, string])[] = [
  ['DynamoDB', 'dynamodb'],
  ['AmazonSQS', 'sqs'],
  ['secretsmanager', 'secretsmanager'],
  ['AWSEvents', 'events'],
];

/** Not a signing name: whoever calls such a URL signs nothing. */
export const FUNCTION_URLS = 'function-url';

/**
 * Which service a request is for, when all share one address: the name that it was signed for.
 *
 * @returns a signing name, such as `sqs`; `s3` for a request that names none; FUNCTION_URLS
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

/** SQS operations whose answers hold queue URLs. */
const URL_ANSWERS = /^AmazonSQS\.(GetQueueUrl|ListQueues|CreateQueue|ListDeadLetterSourceQueues)$/;
const QUEUE_URL = new RegExp(`http://[^"/]+/${LOCAL_ACCOUNT_ID}/`, 'g');

/** Hears of each request that an emulator has carried out, before its sender does. */
type OnDone = (request: IncomingMessage) => Promise<void>;

/** Passes a request on to an emulator and its answer back, both as streams. */
function forward(
  request: IncomingMessage,
  response: ServerResponse,
  service: string,
  upstream: string,
  onDone?: OnDone,
): void {
  // Some SDKs send SQS requests to the queue's URL; the emulator answers at the root only.
  const path = service === 'sqs' ? '/' : request.url;
  const outgoing = httpRequest(
    new URL(upstream),
    { method: request.method, path, headers: request.headers },
    (incoming) => {
      const { statusCode = 502, headers } = incoming;
      if (URL_ANSWERS.test(String(request.headers['x-amz-target'] ?? ''))) {
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
      const answer = (): void => {
        response.writeHead(statusCode, headers);
        pipeline(incoming, response, () => {});
      };
      if (onDone === undefined || statusCode >= 300) return answer();
      onDone(request).then(answer, (error) => response.destroy(error));
    },
  );
  outgoing.on('error', (error) => {
    if (!response.headersSent) response.writeHead(502);
    response.end(`the ${service} emulator does not answer: ${error.message}`);
  });
  pipeline(request, outgoing, () => {});
}

/** The emulator names queues by a host that only its own tests resolve, and by an older port. */
async function rewriteQueueUrls(answer: IncomingMessage, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  return body.replace(QUEUE_URL, `http://${host}/${LOCAL_ACCOUNT_ID}/`);
}
