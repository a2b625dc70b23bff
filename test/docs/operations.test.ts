import { readFile } from 'node:fs/promises';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { BatchHandlerStack } from '../../infra/stack.ts';
import { newApp } from '../support/handlerStack.ts';

it('docs/operations.md names outputs that the stack has, and all of the dead-letter queues', async () => {
  const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const outputs = Template.fromStack(new BatchHandlerStack(newApp(), 'Test')).findOutputs('*');

  const used = [...page.matchAll(/\$\(output (\w+)\)/g)].map(([, name]) => name);
  const listed = [...page.matchAll(/`(\w+Queue(?:Url|Arn))`/g)].map(([, name]) => name);

  const names = Object.keys(outputs);
  expect(names).toEqual(expect.arrayContaining([...used, ...listed]));
  expect(listed).toEqual(
    expect.arrayContaining(names.filter((name) => name.includes('DeadLetterQueue'))),
  );
  expect(used.length).toBeGreaterThan(0);
});
