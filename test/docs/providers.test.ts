import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { KINDS, type ProviderKind } from '../../shared/providers/kinds.ts';

const page = await readFile(new URL('../../docs/providers.md', import.meta.url), 'utf8');

it('docs/providers.md has every kind of provider', () => {
  const kinds = [...page.matchAll(/^\| `([\w-]+)` \| `LlmProvider\.\w+` \|/gm)].map(
    ([, kind]) => kind,
  );
  expect(kinds).toEqual(Object.keys(KINDS));
});

const NAMES: Readonly<Record<ProviderKind, string>> = {
  openai: 'OpenAI',
  'openai-compatible': 'OpenAI-compatible',
  'azure-openai': 'Azure OpenAI',
  anthropic: 'Anthropic',
  'vertex-ai': 'Vertex AI',
  bedrock: 'Bedrock',
  gemini: 'Gemini API',
};

it('docs/providers.md has the limits of every kind', () => {
  const rows = [...page.matchAll(/^\| ([^|]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) MB \|/gm)];
  const number = (text = '') => Number(text.replaceAll(',', ''));
  const documented = rows.map(([, name, jobs, requests, megabytes]) => [
    ...[name, number(jobs), number(requests), number(megabytes) * 1_000_000],
  ]);
  const actual = Object.entries(KINDS).map(([kind, { limits }]) => [
    ...[NAMES[kind as ProviderKind], limits.maxInFlight, limits.maxRequests, limits.maxBytes],
  ]);
  expect(documented).toEqual(actual);
});
