import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { LOCAL_ACCOUNT_ID } from '../template/account.ts';

/** SQS operations whose answers hold queue URLs. */
const URL_ANSWERS = /^AmazonSQS\.(GetQueueUrl|ListQueues|CreateQueue|ListDeadLetterSourceQueues)$/;
const QUEUE_URL = new RegExp(`http://[^"/]+/${LOCAL_ACCOUNT_ID}/`, 'g');

/** Hears of each request that an emulator has carried out, before its sender does. */
export type OnDone = (request: IncomingMessage) => Promise<void>;

/** Passes a request on to an emulator and its answer back, both as streams. */
export function forward(
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
