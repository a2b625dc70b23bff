import type { ProviderKind } from '../../shared/providerSettings.ts';

/** An entry of `providers` in the stack's settings. */
export type Entry = { readonly kind: ProviderKind } & Readonly<Record<string, unknown>>;

/** Requests may name any model: the example's, or those of a file made for another provider. */
const anyModelAs = (model: string) => ({ models: { '*': model } });

const GOOGLE = { project: 'local-project', location: 'us-central1' };

/** What `--provider` may name: the one provider of the stack that is then run. */
export const LOCAL_ENTRIES = {
  openai: { kind: 'openai' },
  'openai-compatible': { kind: 'openai-compatible', baseUrl: 'https://llm.example.com/v1' },
  azure: {
    kind: 'azure-openai',
    baseUrl: 'https://example.openai.azure.com',
    ...anyModelAs('my-deployment'),
  },
  anthropic: { kind: 'anthropic', ...anyModelAs('claude-haiku-4-5') },
  vertex: {
    kind: 'vertex-ai',
    ...GOOGLE,
    store: { type: 'gcs', bucket: 'local-bucket' },
    ...anyModelAs('gemini-2.5-flash'),
  },
  'vertex-bigquery': {
    kind: 'vertex-ai',
    ...GOOGLE,
    store: { type: 'bigquery', inputDataset: 'batch_inputs', outputDataset: 'batch_outputs' },
    ...anyModelAs('gemini-2.5-flash'),
  },
  bedrock: { kind: 'bedrock', ...anyModelAs('anthropic.claude-haiku-4-5-20251001-v1:0') },
  gemini: { kind: 'gemini', ...anyModelAs('gemini-2.5-flash') },
} as const satisfies Readonly<Record<string, Entry>>;

export type LocalProviderName = keyof typeof LOCAL_ENTRIES;
export const LOCAL_PROVIDER_NAMES = Object.keys(LOCAL_ENTRIES) as LocalProviderName[];
