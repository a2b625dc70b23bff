import * as z from 'zod';
import { anthropic } from './anthropic/description.ts';
import { azureOpenAi } from './azure/description.ts';
import { bedrock } from './bedrock/description.ts';
import { compatible } from './compatible/description.ts';
import { gemini } from './gemini/description.ts';
import { mistral } from './mistral/description.ts';
import { openAi } from './openai/description.ts';
import type { KindDescription, Provider, ProviderEntry } from './provider.ts';
import type { SettingsSchema } from './settings.ts';
import { together } from './together/description.ts';
import { vertexAi } from './vertex/description.ts';
import { xai } from './xai/description.ts';

/**
 * Every kind of provider: its description, and how its adapter is loaded. A function that serves
 * one kind loads no other kind's SDK.
 */
const ALL_KINDS = [
  kind(openAi, async () => (await import('./openai/index.ts')).connectOpenAi),
  kind(compatible, async () => (await import('./compatible/index.ts')).connectCompatible),
  kind(azureOpenAi, async () => (await import('./azure/index.ts')).connectAzure),
  kind(anthropic, async () => (await import('./anthropic/index.ts')).connectAnthropic),
  kind(vertexAi, async () => (await import('./vertex/index.ts')).connectVertex),
  kind(bedrock, async () => (await import('./bedrock/index.ts')).connectBedrock),
  kind(gemini, async () => (await import('./gemini/index.ts')).connectGemini),
  kind(mistral, async () => (await import('./mistral/index.ts')).connectMistral),
  kind(xai, async () => (await import('./xai/index.ts')).connectXai),
  kind(together, async () => (await import('./together/index.ts')).connectTogether),
];

export interface Kind<Schema extends SettingsSchema = SettingsSchema>
  extends KindDescription<Schema> {
  /** Loads the adapter. @throws ProviderError `account` if the secret is not filled in */
  connect(entry: ProviderEntry<z.infer<Schema>>): Promise<Provider>;
}

function kind<Schema extends SettingsSchema>(
  description: KindDescription<Schema>,
  adapter: () => Promise<Kind<Schema>['connect']>,
): Kind<Schema> {
  return { ...description, connect: async (entry) => (await adapter())(entry) };
}

type AnySettingsSchema = (typeof ALL_KINDS)[number]['settings'];

/** One entry of `providers`: what a message's `provider` may name. */
export const providerSettingsSchema = z.discriminatedUnion(
  'kind',
  ALL_KINDS.map(({ settings }) => settings) as [AnySettingsSchema, ...AnySettingsSchema[]],
);
export type ProviderSettings = z.infer<typeof providerSettingsSchema>;
/** Settings before defaults are filled in. */
export type ProviderSettingsInput = z.input<typeof providerSettingsSchema>;
export type ProviderKind = ProviderSettings['kind'];
export type SettingsOf<K extends ProviderKind> = Extract<ProviderSettings, { kind: K }>;

type AnyKind = (typeof ALL_KINDS)[number];
type KindNamed<K extends ProviderKind> = Extract<
  AnyKind,
  { readonly settings: { readonly shape: { readonly kind: z.ZodLiteral<K> } } }
>;

/** The kinds by their names. */
export const KINDS = Object.fromEntries(
  ALL_KINDS.map((each) => [each.settings.shape.kind.value, each]),
) as unknown as { readonly [K in ProviderKind]: KindNamed<K> };

/** The kind of an entry. The compiler cannot follow that the kind takes just these settings. */
export function kindOf({ kind: name }: ProviderSettings): Kind {
  return KINDS[name] as unknown as Kind;
}
