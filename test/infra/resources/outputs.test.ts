import { Template } from 'aws-cdk-lib/assertions';
import { Construct } from 'constructs';
import { expect, it } from 'vitest';
import { LlmProvider } from '../../../infra/providers/llmProvider.ts';
import { newHandler, newProcessor, newStack, templateWith } from '../../support/handlerStack.ts';

const outputsOf = (template: Template) => template.findOutputs('*');

it('the outputs of a handler begin with its id, and name what a user of the stack needs', () => {
  const outputs = outputsOf(templateWith({ collector: {}, dashboard: true }));

  const names = Object.keys(outputs);
  expect(names.every((name) => name.startsWith('Batches'))).toBe(true);
  expect(names).toEqual(
    expect.arrayContaining([
      ...['BatchesBatchQueueUrl', 'BatchesBucketName', 'BatchesSecretNameopenai'],
      ...['BatchesSweeperFunctionName', 'BatchesCollectorFunctionName', 'BatchesDashboardName'],
      ...['BatchesCollectorQueueUrl', 'BatchesDeadLetterQueueUrl'],
    ]),
  );
  expect(outputs.BatchesBucketName?.Value).toEqual({
    Ref: expect.stringMatching(/^BatchesBucket/),
  });
});

it('two handlers of a stack have outputs of their own, and those of the first stay as they are', () => {
  const stack = newStack();
  newHandler(stack);
  const inner = new Construct(stack, 'Second-Team');
  newHandler(inner, { processor: newProcessor(inner) });

  const names = Object.keys(outputsOf(Template.fromStack(stack)));

  expect(names).toEqual(expect.arrayContaining(Object.keys(outputsOf(templateWith()))));
  expect(names).toContain('SecondTeamBatchesBucketName');
});

it('names that differ in dashes or slashes only do not collide', () => {
  const stack = newStack();
  const providers = { openai: LlmProvider.openAi(), 'open-ai': LlmProvider.openAi() };
  newHandler(stack, { id: 'TeamBatches', providers });
  const inner = new Construct(stack, 'Team');
  newHandler(inner, { processor: newProcessor(inner) });

  const names = Object.keys(outputsOf(Template.fromStack(stack)));

  const secrets = names.filter((name) => name.startsWith('TeamBatchesSecretNameopenai'));
  expect(secrets.map((name) => name.replace(/[0-9a-f]{8}$/, '#'))).toEqual([
    'TeamBatchesSecretNameopenai',
    'TeamBatchesSecretNameopenai#',
    'TeamBatchesSecretNameopenai#',
  ]);
  expect(new Set(names).size).toBe(names.length);
});

it('the outputs can be left out', () => {
  expect(outputsOf(templateWith({ outputs: false }))).toEqual({});
});
