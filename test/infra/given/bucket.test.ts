import { Duration, Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { newHandler, newStack } from '../../support/handlerStack.ts';
import { errorOf } from './errorOf.ts';

const ELSEWHERE = { account: '111111111111', region: 'us-east-1' };

describe('a bucket that does not fit', () => {
  it.each([
    ['llm', 'it must end with a slash'],
    ['/llm/', 'it must not begin with a slash'],
    ['a//b/', 'it must have no empty folder'],
    ['a b/', 'it may have letters, digits'],
    ['*/', 'it may have letters, digits'],
    ['a/../b/', 'it must have no folder . or ..'],
    [`${'a'.repeat(200)}/`, 'it must have at most 200 characters'],
  ])('prefix %j', (bucketPrefix, problem) => {
    expect(errorOf(() => ({ bucketPrefix }))).toContain(problem);
  });

  it('is in another region', () => {
    const attributes = { bucketName: 'mine', region: 'us-east-1' };
    expect(
      errorOf((stack) => ({ bucket: s3.Bucket.fromBucketAttributes(stack, 'Given', attributes) })),
    ).toContain('bucket: Test/Given is in region us-east-1');
    expect(
      errorOf((stack) => ({
        bucket: new s3.Bucket(new Stack(stack.node.root as never, 'Far', { env: ELSEWHERE }), 'B'),
      })),
    ).toContain('bucket: Far/B is in region us-east-1');
  });

  it.each<[string, s3.LifecycleRule, string | undefined]>([
    [
      'a rule on everything',
      { expiration: Duration.days(30) },
      'takes objects below uploads/ away after 30 days',
    ],
    [
      'a rule on a part',
      { prefix: 'batches/mine', expiration: Duration.days(90) },
      'below batches/ away after 90 days',
    ],
    [
      'an archive',
      {
        transitions: [
          { storageClass: s3.StorageClass.GLACIER, transitionAfter: Duration.days(10) },
        ],
      },
      'after 10 days',
    ],
    ['a date', { expirationDate: new Date('2030-01-01') }, 'on a fixed date'],
    ['a later expiry', { expiration: Duration.days(1000) }, undefined],
    ['another prefix', { prefix: 'processed/', expiration: Duration.days(1) }, undefined],
    ['objects with a tag', { tagFilters: { a: 'b' }, expiration: Duration.days(1) }, undefined],
    ['a rule that is off', { enabled: false, expiration: Duration.days(1) }, undefined],
    [
      'an infrequent class',
      {
        transitions: [
          { storageClass: s3.StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(30) },
        ],
      },
      undefined,
    ],
  ])('%s', (_what, rule, problem) => {
    const stack = newStack();
    const bucket = new s3.Bucket(stack, 'Given', { lifecycleRules: [rule] });
    const handler = newHandler(stack, { bucket });
    const problems = handler.node.validate().join('\n');

    if (problem === undefined) expect(problems).toBe('');
    else expect(problems).toContain(problem);
  });
});
