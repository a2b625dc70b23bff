import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { costOf } from '../batch/cost.ts';
import { RefusedError } from '../batch/errors.ts';
import type { AddMessage } from '../batch/messages.ts';
import { ClientError } from '../client/clientError.ts';
import { describedProviders } from '../providers/registry.ts';
import type { Settings } from '../settings.ts';
import { createTokenEstimator } from '../tokens/fileEstimator.ts';
import { type Estimate, estimate } from '../usecases/estimate.ts';
import type { CountedInput } from './exactTokens.ts';

export type { Estimate };

interface EstimateOptions {
  /**
   * With the key of the provider, to have it count the tokens of a file without problems. Default:
   * they are estimated.
   */
  readonly environment?: CountedInput['environment'] | undefined;
  /** How errors name the file. Default: its path */
  readonly name?: string;
  /** Called as the file is read, with the bytes so far. */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Estimates a local file as a batch of a deployment with the given provider entries. It sends
 * nothing, and reads the file once, in constant memory.
 *
 * @param maxReasons the most problems that are returned with their reasons
 * @throws ClientError if the file cannot be read, the message would be refused, or the tokens cannot
 *   be counted
 */
export async function estimateFile(
  path: string,
  entries: Settings['providers'],
  message: AddMessage,
  maxReasons: number,
  { environment, name = path, ...reading }: EstimateOptions = {},
): Promise<Estimate> {
  const estimated = await estimateOf({ path, name, ...reading }, entries, message, maxReasons);
  if (environment === undefined || estimated.problems > 0) return estimated;
  const { providers, requests, maxOutputTokens, price } = estimated;
  const [entry = ''] = providers;
  const settings = entries[entry];
  if (settings === undefined || providers.length > 1)
    throw new ClientError('invalid_input', '--exact counts at one entry: name it with --provider');
  const { format } = message;
  const input = { path, entry, settings, format, requests, environment };
  const { countTokens } = await import('./exactTokens.ts');
  const inputTokens = await countTokens(input);
  const tokens = { inputTokens, outputTokens: maxOutputTokens };
  return { ...estimated, inputTokens, countedBy: entry, cost: price && costOf(tokens, price) };
}

interface ReadFile extends Pick<EstimateOptions, 'onRead' | 'signal'> {
  readonly path: string;
  readonly name: string;
}

async function estimateOf(
  { path, name, onRead, signal }: ReadFile,
  entries: Settings['providers'],
  message: AddMessage,
  maxReasons: number,
): Promise<Estimate> {
  const { size } = await regularFile(path, name);
  const tokens = {
    estimate: async (fileBytes: number | undefined) => createTokenEstimator({ fileBytes }),
  };
  const providers = describedProviders(entries);
  const stream = createReadStream(path, { signal });
  const chunks = onRead ? reported(stream, onRead) : stream;
  try {
    return await estimate({ providers, tokens }, message, { chunks, bytes: size }, maxReasons);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new ClientError('invalid_input', error.message, { cause: error });
  } finally {
    stream.destroy();
  }
}

async function* reported(
  stream: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of stream) {
    yield chunk;
    bytes += chunk.length;
    onRead(bytes);
  }
}

async function regularFile(path: string, name: string) {
  const found = await stat(path).catch((error: unknown) => {
    throw new ClientError('invalid_input', `${name} cannot be read: does the file exist?`, {
      cause: error,
    });
  });
  if (found.isFile()) return found;
  throw new ClientError('invalid_input', `${name} is not a file: name a JSONL file`);
}
