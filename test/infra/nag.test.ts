import { type Stack, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseContext } from '../../infra/context.ts';
import { BatchHandlerStack } from '../../infra/stack.ts';
import { ENV, newApp } from '../support/handlerStack.ts';
import { EVERY_KIND } from './providers/everyKind.ts';

/** Every finding of cdk-nag's AwsSolutions in a stack, with where it is. */
function findingsIn(stack: Stack): string[] {
  const { violations } = new AwsSolutionsChecks().validateScope(stack);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ resourceLogicalId }) => `${ruleName} ${resourceLogicalId}`),
  );
}

describe('cdk-nag', () => {
  it.each([
    ['no settings', {}],
    ['a bucket of the user’s', { inputBuckets: ['my-input'] }],
    ['an inbox', { inbox: true }],
    ['every kind of provider', { providers: EVERY_KIND }],
  ])('finds nothing without a written reason: %s', (_what, given) => {
    const context = parseContext(given);
    const app = newApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    const stack = new BatchHandlerStack(app, 'Test', context, { env: ENV });

    expect(findingsIn(stack)).toEqual([]);
    expect(() => app.synth()).not.toThrow();
  });

  it('would find a queue and a bucket without protection', () => {
    const stack = new BatchHandlerStack(newApp(), 'Test');
    new sqs.Queue(stack, 'Open');
    new s3.Bucket(stack, 'Plain');

    const findings = findingsIn(stack).map((finding) => finding.split(' ')[0]);

    expect(new Set(findings)).toEqual(
      new Set(['AwsSolutions-SQS3', 'AwsSolutions-SQS4', 'AwsSolutions-S1', 'AwsSolutions-S10']),
    );
  });
});
