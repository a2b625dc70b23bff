import { expect, test } from 'vitest';
import {
  defaultMaxTokens,
  takesSampling,
} from '../../../../../shared/providers/translation/claudeRequest.ts';

test.each([
  ['claude-haiku-4-5', true, 32_000],
  ['claude-haiku-4-5-20251001', true, 32_000],
  ['claude-sonnet-4-20250514', true, 32_000],
  ['claude-opus-4-1-20250805', true, 32_000],
  ['claude-opus-4-6', true, 32_000],
  ['claude-opus-4-7', false, 32_000],
  ['claude-opus-4-8', false, 32_000],
  ['claude-sonnet-5', false, 32_000],
  ['claude-haiku-5-5', false, 32_000],
  ['claude-fable-5-2', false, 32_000],
  ['claude-mythos-preview', false, 32_000],
  ['claude-3-7-sonnet-20250219', true, 32_000],
  ['claude-3-5-haiku-20241022', true, 8_192],
  ['claude-3-haiku-20240307', true, 4_096],
  ['anthropic.claude-v2:1', true, 4_096],
  ['us.anthropic.claude-opus-4-5-20251101-v1:0', true, 32_000],
  ['claude-sonnet-4-5@20250929', true, 32_000],
  ['my-gateway-model', true, 32_000],
])('%s: sampling %s, at most %i tokens', (model, sampling, maxTokens) => {
  expect(takesSampling(model)).toBe(sampling);
  expect(defaultMaxTokens(model)).toBe(maxTokens);
});
