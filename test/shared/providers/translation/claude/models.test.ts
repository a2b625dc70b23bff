import { expect, test } from 'vitest';
import { claudeModelFacts } from '../../../../../shared/providers/translation/claudeModels.ts';

const THREE = ['low', 'medium', 'high'];
const FOUR = [...THREE, 'max'];
const FIVE = [...THREE, 'xhigh', 'max'];

test.each([
  ['claude-haiku-4-5', true, true, [], true, 32_000],
  ['claude-haiku-4-5-20251001', true, true, [], true, 32_000],
  ['claude-sonnet-4-5@20250929', true, true, [], true, 32_000],
  ['claude-opus-4-5', true, true, THREE, true, 32_000],
  ['us.anthropic.claude-opus-4-5-20251101-v1:0', true, true, THREE, true, 32_000],
  ['claude-sonnet-4-20250514', true, true, [], false, 32_000],
  ['claude-opus-4-1-20250805', true, true, [], false, 32_000],
  ['claude-opus-4', true, true, [], false, 32_000],
  ['claude-opus-4-10', false, false, FIVE, true, 32_000],
  ['claude-opus-4-6', true, false, FOUR, true, 32_000],
  ['anthropic/claude-sonnet-4.6', true, false, FOUR, true, 32_000],
  ['us.anthropic.claude-opus-4-6-v1', true, false, FOUR, true, 32_000],
  ['claude-opus-4-7', false, false, FIVE, true, 32_000],
  ['claude-opus-4-8', false, false, FIVE, true, 32_000],
  ['claude-sonnet-5', false, false, FIVE, true, 32_000],
  ['claude-haiku-5-5', false, false, FIVE, true, 32_000],
  ['claude-fable-5-2', false, false, FIVE, true, 32_000],
  ['claude-mythos-preview', false, false, FOUR, true, 32_000],
  ['claude-3-7-sonnet-20250219', true, true, [], false, 32_000],
  ['claude-3-5-haiku-20241022', true, true, [], false, 8_192],
  ['claude-3-haiku-20240307', true, true, [], false, 4_096],
  ['anthropic.claude-v2:1', true, true, [], false, 4_096],
  ['my-gateway-model', true, true, FIVE, true, 32_000],
])('%s: sampling %s, prefill %s, efforts %j, schemas %s, at most %i tokens', (model, ...facts) => {
  const [sampling, prefill, reasoningEfforts, schemas, maxTokens] = facts;
  expect(claudeModelFacts(model)).toEqual({
    sampling,
    prefill,
    reasoningEfforts,
    schemas,
    maxTokens,
  });
});
