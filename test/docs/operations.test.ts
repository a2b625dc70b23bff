import { glob, readFile } from 'node:fs/promises';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { parseContext } from '../../infra/context.ts';
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

it('docs/runbook.md names outputs that the stack has', async () => {
  const page = await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const context = parseContext({ collector: {} });
  const template = Template.fromStack(new BatchHandlerStack(newApp(), 'Test', context));
  const outputs = Object.keys(template.findOutputs('*'));

  const used = [...page.matchAll(/\$\(output (\w+)\)/g)].map(([, name]) => name);

  expect(used.length).toBeGreaterThan(10);
  expect(outputs).toEqual(expect.arrayContaining(used));
});

it.each(['runbook', 'operations', 'costs'])(
  'docs/%s.md quotes log messages, saved queries and the dashboard as they are',
  async (name) => {
    const page = await readFile(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
    let code = '';
    for await (const file of glob('{shared,functions,infra}/**/*.ts'))
      code += await readFile(file, 'utf8');

    const prose = page.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`]*`/g, '');
    const quoted = [...prose.matchAll(/"([^"]+)"/g)].map(([, text = '']) =>
      text.replaceAll(/\s+/g, ' '),
    );

    expect(quoted.length).toBeGreaterThan(0);
    expect(quoted.filter((text) => !code.includes(text))).toEqual([]);
  },
);
