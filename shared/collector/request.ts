import { createHash } from 'node:crypto';
import { refusal } from '../batch/errors.ts';
import type { ObjectStore } from '../batch/ports.ts';
import { checkRequest } from '../jsonl/checkRequest.ts';
import { readText } from '../usecases/smallObjects.ts';
import { requestMessageSchema, requestPointerSchema } from './contract.ts';
import type { CollectorDependencies } from './gather.ts';

/** A request that a provider of the deployment can take. */
export interface CollectedRequest {
  readonly messageId: string;
  readonly provider: string;
  readonly model: string;
  readonly endpoint: string;
  /** The line of the batch file, with its line end. */
  readonly line: Buffer;
}

/** What the requests of one batch have in common. */
export type LaneKey = Pick<CollectedRequest, 'provider' | 'model' | 'endpoint'>;

export function laneKeyOf({ provider, model, endpoint }: LaneKey): string {
  return JSON.stringify([provider, model, endpoint]);
}

/** Safe in batch ids, whatever characters the name of a model has. */
export function laneIdOf(key: LaneKey): string {
  return hash(laneKeyOf(key)).slice(0, 16);
}

/** The same requests make the same chunk: written again, it changes nothing. */
export function chunkToken(content: Buffer): string {
  return hash(content).slice(0, 32);
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** One larger belongs into a file of its own batch. */
const REQUEST = { what: 'the request', fix: 'put large content behind a URL' };

/**
 * The object that a message holds or points to.
 *
 * @throws RefusedError if it holds no object
 */
export async function readMessage(
  objects: Pick<ObjectStore, 'read'>,
  body: string,
): Promise<object> {
  const message = parseObject(body);
  const pointer = requestPointerSchema.safeParse(message);
  if (!pointer.success) return message;
  return parseObject(await readText(objects.read(pointer.data.key), REQUEST));
}

function parseObject(body: string): object {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON: send one line of a batch file');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refusal('invalid_json', 'the message is not a JSON object: send one line of a batch file');
}

/**
 * Checks a request by all that the inspection of its batch will ask of it.
 *
 * @throws RefusedError naming the field and what is allowed, never what the request says
 */
export async function checkedRequest(
  { providers, collector: { settings } }: CollectorDependencies,
  message: object,
  messageId: string,
): Promise<CollectedRequest> {
  const parsed = requestMessageSchema.safeParse(message);
  if (!parsed.success) {
    const issues = parsed.error.issues
      .slice(0, 3)
      .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '));
    throw refusal('invalid_message', issues.join('; '));
  }
  const { provider = settings.provider ?? providers.names[0] ?? '', ...request } = parsed.data;
  const line = Buffer.from(`${JSON.stringify(request)}\n`);
  const checked = checkRequest({ number: 1, offset: 0, bytes: line });
  if ('code' in checked) throw refusal(checked.code, checked.message);
  const description = await providers.describe(provider);
  const { endpoints, limits } = description;
  const { url: endpoint, model } = checked;
  if (!endpoints.includes(endpoint)) {
    const text = `url is not one of provider ${provider}: use one of ${endpoints.join(', ')}`;
    throw refusal('unsupported_url', text);
  }
  if (line.length > limits.maxBytes) {
    const text = `the request has ${line.length} bytes, a whole job at most ${limits.maxBytes}`;
    throw refusal('request_too_large', `${text}: make it smaller`);
  }
  description.checkRequest?.(checked, 'openai');
  return { messageId, provider, model, endpoint, line };
}
