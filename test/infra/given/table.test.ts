import type { Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { describe, expect, it } from 'vitest';
import { batchTableSchema } from '../../../infra/resources/table.ts';
import { errorOf, type Given } from './errorOf.ts';

const { globalSecondaryIndexes: indexes, ...SCHEMA } = batchTableSchema();

describe('a table that does not fit', () => {
  const table = (props: Partial<dynamodb.TablePropsV2>) => (stack: Stack) => ({
    table: new dynamodb.TableV2(stack, 'Given', { ...batchTableSchema(), ...props }),
  });

  it.each<[string, (stack: Stack) => Given, string]>([
    [
      'another key',
      table({ partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING } }),
      'has the key pk, and needs the key id',
    ],
    [
      'a sort key',
      table({ sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING } }),
      'has the key id, sk, and needs the key id',
    ],
    [
      'a key of numbers',
      table({ partitionKey: { name: 'id', type: dynamodb.AttributeType.NUMBER } }),
      'has the attribute id of type N, and needs a string',
    ],
    [
      'no index',
      (stack) => ({ table: new dynamodb.TableV2(stack, 'Given', SCHEMA) }),
      'has no index due',
    ],
    [
      'one index less',
      table({ globalSecondaryIndexes: indexes.slice(0, 2) }),
      'has no index created',
    ],
    [
      'an index by another key',
      table({
        globalSecondaryIndexes: indexes.map((each) =>
          each.indexName === 'created'
            ? { ...each, partitionKey: { name: 'month', type: dynamodb.AttributeType.STRING } }
            : each,
        ),
      }),
      'has an index created with the key month, createdAt, and needs createdMonth, createdAt',
    ],
    [
      'a poor projection',
      table({
        globalSecondaryIndexes: indexes.map((each) => ({ ...each, nonKeyAttributes: ['status'] })),
      }),
      'has an index due that does not project statusAt',
    ],
    [
      'no time to live',
      (stack) => ({
        table: new dynamodb.TableV2(stack, 'Given', {
          partitionKey: SCHEMA.partitionKey,
          globalSecondaryIndexes: indexes,
        }),
      }),
      'has no time to live by expiresAt',
    ],
    [
      'another region',
      (stack) => ({
        table: dynamodb.TableV2.fromTableArn(
          stack,
          'Given',
          'arn:aws:dynamodb:us-east-1:111111111111:table/mine',
        ),
      }),
      'is in region us-east-1, the handler in eu-west-1',
    ],
    [
      'another account',
      (stack) => ({
        table: dynamodb.TableV2.fromTableArn(
          stack,
          'Given',
          'arn:aws:dynamodb:eu-west-1:222222222222:table/mine',
        ),
      }),
      'is in account 222222222222, the handler in 111111111111',
    ],
  ])('%s', (_what, props, problem) => {
    const message = errorOf(props);

    expect(message).toContain('Test/Given');
    expect(message).toContain(problem);
  });

  it('fits with the whole of each item in its indexes, and as a table of the first version', () => {
    const all = dynamodb.ProjectionType.ALL;
    const whole = indexes.map(({ nonKeyAttributes: _, ...each }) => ({
      ...each,
      projectionType: all,
    }));
    expect(errorOf(table({ globalSecondaryIndexes: whole }))).toBe('no error');
    expect(
      errorOf((stack) => {
        const first = new dynamodb.Table(stack, 'Given', SCHEMA);
        for (const index of indexes) first.addGlobalSecondaryIndex(index);
        return { table: first };
      }),
    ).toBe('no error');
  });
});
