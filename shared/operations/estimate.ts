import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { RefusedError } from '../batch/errors.ts';
import type { AddMessage } from '../batch/messages.ts';
import { ClientError } from '../client/clientError.ts';
import { describedProviders } from '../providers/registry.ts';
import type { Settings } from '../settings.ts';
import { createTokenEstimator } from '../tokens/estimator.ts';
import { type Estimate, estimate } from '../usecases/estimate.ts';

export type { Estimate };

/**
 * Estimates a local file as a batch of a deployment with the given provider entries. It sends
 * nothing, and reads the file once, in constant memory.
 *
 * @param maxReasons the most problems that are returned with their reasons
 * @throws ClientError if the file cannot be read, or the message would be refused
 */
export async function estimateFile(
  path: string,
  entries: Settings['providers'],
  message: AddMessage,
  maxReasons: number,
): Promise<Estimate> {
  const { size } = await regularFile(path);
  const tokens = {
    estimate: async (fileBytes: number | undefined) => createTokenEstimator({ fileBytes }),
  };
  const providers = describedProviders(entries);
  const source = { chunks: createReadStream(path), bytes: size };
  try {
    return await estimate({ providers, tokens }, message, source, maxReasons);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new ClientError('invalid_input', error.message, { cause: error });
  } finally {
    source.chunks.destroy();
  }
}

async function regularFile(path: string) {
  const found = await stat(path).catch((error: unknown) => {
    throw new ClientError('invalid_input', `${path} cannot be read: does the file exist?`, {
      cause: error,
    });
  });
  if (found.isFile()) return found;
  throw new ClientError('invalid_input', `${path} is not a file: name a JSONL file`);
}
