import { createHash } from 'node:crypto';
import { textProblem } from '../batch/bounds.ts';
import { refusal } from '../batch/errors.ts';
import type { ObjectStore } from '../batch/ports.ts';
import { invalidText } from '../invalid/text.ts';
import { checkRequest, completedLine } from '../jsonl/checkRequest.ts';
import { LINE_END } from '../jsonl/lines.ts';
import { isObject } from '../jsonl/rows.ts';
import type { Dependencies } from '../usecases/dependencies.ts';
import { pointedBytes, readText } from '../usecases/smallObjects.ts';
import { type Collector, requestMessageSchema, requestPointerSchema } from './contract.ts';

/** A request that was checked: a provider of the deployment can run it. */
export interface CollectedRequest {
  readonly messageId: string;
  readonly provider: string;
  readonly model: string;
  readonly endpoint: string;
  /** Its line of the batch file, with the line end. */
  readonly line: Buffer;
}

/** What all requests of one batch have in common. */
export type LaneKey = Pick<CollectedRequest, 'provider' | 'model' | 'endpoint'>;

export function laneKeyOf({ provider, model, endpoint }: LaneKey): string {
  return JSON.stringify([provider, model, endpoint]);
}

/** A hash: the name of a model may have characters that a batch id must not have. */
export function laneIdOf(key: LaneKey): string {
  return hash(laneKeyOf(key)).slice(0, 16);
}

/** A hash of the content: writing the same requests again writes the same chunk. */
export function chunkToken(content: Buffer): string {
  return hash(content).slice(0, 32);
}

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Names in the refusal of a request that is too large. */
const REQUEST = { what: 'the request', fix: 'put large content behind a URL' };

/** An object that a message points to, in place of a request. */
export interface PointedObject {
  readonly key: string;
  readonly bytes: number;
}

/**
 * The object that a message points to; undefined for a message that does not.
 *
 * @throws RefusedError if there is no such object, or if it is too large
 */
export async function pointedObject(
  objects: Pick<ObjectStore, 'bucket' | 'prefix' | 'head'>,
  message: object,
): Promise<PointedObject | undefined> {
  const pointer = requestPointerSchema.safeParse(message);
  if (!pointer.success) return undefined;
  const { key } = pointer.data;
  return { key, bytes: await pointedBytes(objects, key, REQUEST) };
}

export function readPointed(
  objects: Pick<ObjectStore, 'read'>,
  { key }: PointedObject,
): Promise<string> {
  return readText(objects.read(key), REQUEST);
}

/**
 * Parses the JSON object that a message is.
 *
 * @throws RefusedError if it is none
 */
export function parseMessage(body: string): object {
  const tooMany = textProblem(body);
  if (tooMany) throw refusal(tooMany.code, `the request ${tooMany.message}`);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON: send one line of a batch file');
  }
  if (isObject(value)) return value;
  throw refusal('invalid_json', 'the message is not a JSON object: send one line of a batch file');
}

type CheckPorts = Pick<Dependencies, 'providers'> & {
  readonly collector: Pick<Collector, 'settings'>;
};

/**
 * Checks a request by the rules of the batch inspection, which would refuse its whole batch.
 *
 * @throws RefusedError naming the field and the values that are allowed, never the request's content
 */
export async function checkedRequest(
  { providers, collector: { settings } }: CheckPorts,
  message: object,
  messageId: string,
): Promise<CollectedRequest> {
  const parsed = requestMessageSchema.safeParse(message);
  if (!parsed.success) {
    const given = { input: message, schema: requestMessageSchema, isHidden: true };
    throw refusal('invalid_message', invalidText(parsed.error, given));
  }
  const { provider = settings.provider ?? providers.names[0] ?? '', ...request } = parsed.data;
  const description = await providers.describe(provider);
  const { endpoints, limits, defaultModel } = description;
  const bytes = Buffer.from(JSON.stringify(request));
  const checked = checkRequest({ bytes }, defaultModel);
  if ('code' in checked) throw refusal(checked.code, checked.message);
  const complete = checked.isAbbreviated ? completedLine(bytes, defaultModel) : bytes;
  const line = Buffer.concat([complete, LINE_END]);
  const { url: endpoint, model } = checked;
  if (!endpoints.includes(endpoint)) {
    const text = `provider ${provider} does not support this url: use one of ${endpoints.join(', ')}`;
    throw refusal('unsupported_url', text);
  }
  if (line.length > limits.maxBytes) {
    const text = `the request has ${line.length} bytes; a whole job has at most ${limits.maxBytes}`;
    throw refusal('request_too_large', `${text}: make it smaller`);
  }
  description.checkRequest?.(checked, 'openai');
  return { messageId, provider, model, endpoint, line };
}
