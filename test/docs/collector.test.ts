import { readFile } from 'node:fs/promises';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { parseContext } from '../../infra/context.ts';
import { BatchHandlerStack } from '../../infra/stack.ts';
import { collectorSettingsSchema } from '../../shared/collector/contract.ts';
import { newApp } from '../support/handlerStack.ts';

const page = () => readFile(new URL('../../docs/collector.md', import.meta.url), 'utf8');

it('docs/collector.md names every setting, with its default', async () => {
  const documented = [...(await page()).matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(
    ([, name = '', value = '']) => [name, value.trim()],
  );
  const { maxRequests, maxAgeSeconds, priority } = collectorSettingsSchema.parse({});
  expect(Object.fromEntries(documented)).toEqual({
    ...{ maxRequests: String(maxRequests), maxAgeSeconds: String(maxAgeSeconds) },
    ...{ provider: 'the first entry', priority: String(priority), metadata: 'none' },
  });
  expect(documented.map(([name]) => name)).toEqual(Object.keys(collectorSettingsSchema.shape));
});

it('docs/collector.md names outputs that the stack has', async () => {
  const stack = new BatchHandlerStack(newApp(), 'Test', parseContext({ collector: {} }));
  const outputs = Object.keys(Template.fromStack(stack).findOutputs('*'));
  const named = [...(await page()).matchAll(/\b(Collector\w+(?:Url|Arn))\b/g)].map(
    ([, name]) => name,
  );
  expect(named.length).toBeGreaterThan(2);
  expect(outputs).toEqual(expect.arrayContaining(named));
});
