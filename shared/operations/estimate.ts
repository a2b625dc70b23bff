import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Price } from '../batch/cost.ts';
import { RefusedError } from '../batch/errors.ts';
import type { AddMessage } from '../batch/messages.ts';
import { ClientError } from '../client/connection.ts';
import type { Settings } from '../config.ts';
import {
  KINDS,
  type ProviderKind,
  type ProviderSettings,
  providerSettingsSchema,
} from '../providers/kinds.ts';
import { describedProviders } from '../providers/registry.ts';
import { createTokenEstimator } from '../tokens/estimator.ts';
import { type Estimate, estimate } from '../usecases/estimate.ts';

export const PROVIDER_KINDS = Object.keys(KINDS) as readonly ProviderKind[];

/**
 * An entry of a kind as it is without any settings.
 *
 * @param price the provider's list price of every model
 */
export function entryOfKind(kind: ProviderKind, price: Price | undefined): ProviderSettings {
  const prices = price === undefined ? {} : { prices: { '*': price } };
  return providerSettingsSchema.parse({ ...KINDS[kind].minimalSettings, ...prices });
}

export type { Estimate };

/**
 * What adding a file of this machine would come to, at a deployment with such entries. Nothing is
 * sent, and the file is read once, in constant memory.
 *
 * @throws ClientError for a file that cannot be read, or a message that would be refused
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
    throw new ClientError('invalid_input', `${path} cannot be read: is there such a file?`, {
      cause: error,
    });
  });
  if (found.isFile()) return found;
  throw new ClientError('invalid_input', `${path} is no file: name one of JSONL`);
}
