import * as s3 from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { LlmProvider } from '../../../infra/providers/llmProvider.ts';
import { newApp, newHandler, newStack } from '../../support/handlerStack.ts';

/** Synthesizes a handler with so many entries, each with a secret. */
function synthesize(entries: number, nameOf: (index: number) => string, stackName = 'Test') {
  const app = newApp();
  const names = Array.from({ length: entries }, (_, index) => nameOf(index));
  const providers = Object.fromEntries(names.map((name) => [name, LlmProvider.openAi()]));
  const handler = newHandler(newStack(app, stackName), { providers });
  app.synth();
  return handler;
}

describe('the environment of the functions', () => {
  it('has room for 40 provider entries', () => {
    expect(() =>
      synthesize(40, (index) => `team-${index}`, 'BatchHandlerProduction'),
    ).not.toThrow();
  });

  it('outgrows Lambda at the synthesis, not in the middle of a deployment', () => {
    expect(() => synthesize(40, (index) => `department-of-research-${index}`)).toThrow(
      /the environment of Test\/Batches\/Worker has about \d{4} bytes with 40 provider entries, and Lambda takes 4096: divide the entries and inputBuckets between two handlers, or give the entries shorter names/,
    );
  });

  it('counts the names of buckets, too', () => {
    const app = newApp();
    const stack = newStack(app);
    const names = Array.from(
      { length: 60 },
      (_, index) => `a-bucket-of-the-user-with-a-name-${index}`,
    );
    newHandler(stack, {
      inputBuckets: names.map((name) =>
        s3.Bucket.fromBucketName(stack, name, name.padEnd(60, 'x')),
      ),
    });

    expect(() => app.synth()).toThrow('the environment of Test/Batches/Intake has about');
  });
});
