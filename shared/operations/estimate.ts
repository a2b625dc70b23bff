import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Price } from '../batch/cost.ts';
import { RefusedError } from '../batch/errors.ts';
import type { AddMessage } from '../batch/messages.ts';
import { ClientError } from '../client/connection.ts';
import type { Settings } from '../config.ts';
import {
  type ProviderKind,
  type ProviderSettings,
  type ProviderSettingsInput,
  providerSettingsSchema,
} from '../providerSettings.ts';
import { describedProviders } from '../providers/registry.ts';
import { createTokenEstimator } from '../tokens/estimator.ts';
import { type Estimate, estimate } from '../usecases/estimate.ts';

/** What a kind cannot be without. Names that nothing is sent to: an estimate connects to nobody. */
const NEEDED: { readonly [K in ProviderKind]: ProviderSettingsInput } = {
  openai: { kind: 'openai' },
  'openai-compatible': { kind: 'openai-compatible', baseUrl: 'https://name.invalid/v1' },
  'azure-openai': { kind: 'azure-openai', baseUrl: 'https://name.openai.azure.com' },
  anthropic: { kind: 'anthropic' },
  'vertex-ai': {
    kind: 'vertex-ai',
    project: 'project',
    location: 'us-central1',
    store: { type: 'gcs', bucket: 'bucket' },
  },
  bedrock: { kind: 'bedrock', region: 'us-east-1' },
  gemini: { kind: 'gemini' },
};

export const PROVIDER_KINDS = Object.keys(NEEDED) as readonly ProviderKind[];

/**
 * An entry of a kind as it is without any settings.
 *
 * @param price the provider's list price of every model
 */
export function entryOfKind(kind: ProviderKind, price: Price | undefined): ProviderSettings {
  const prices = price === undefined ? {} : { prices: { '*': price } };
  return providerSettingsSchema.parse({ ...NEEDED[kind], ...prices });
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
