import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { dynamodbClient } from '../../aws/clients/dynamodb.ts';
import { s3Client } from '../../aws/clients/s3.ts';
import { TABLE } from '../../config.ts';
import type { AwsDoctorContext } from '../awsContext.ts';
import { type Check, type CheckResult, noteResult, okResult, problemResult } from '../check.ts';

/** What an imported table may lack: the construct cannot see it. */
export const tableCheck: Check<AwsDoctorContext> = {
  name: 'table',
  permissions: ['dynamodb:DescribeTable', 'dynamodb:DescribeTimeToLive'],
  async run({ aws: { access, resources } }) {
    const TableName = resources.table;
    // Empty for a handler that has replaced its table.
    if (!TableName) return [];
    const dynamodb = dynamodbClient(access);
    const { Table: table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    const present = new Map(
      table?.GlobalSecondaryIndexes?.map((index) => [
        index.IndexName,
        [index.KeySchema, index.IndexStatus] as const,
      ]),
    );
    const results: CheckResult[] = [];
    const key = keyText(table?.KeySchema);
    if (key !== TABLE.partitionKey)
      results.push(wrong(`${TableName} has the key ${key}, and needs ${TABLE.partitionKey}`));
    for (const index of [TABLE.dueIndex, TABLE.providerIndex, TABLE.createdIndex]) {
      const needed = [index.partitionKey, 'sortKey' in index ? index.sortKey : []]
        .flat()
        .join(', ');
      const [schema, status] = present.get(index.name) ?? [];
      if (schema === undefined) results.push(wrong(`${TableName} has no index ${index.name}`));
      else if (keyText(schema) !== needed)
        results.push(
          wrong(`the key of the index ${index.name} is ${keyText(schema)}, not ${needed}`),
        );
      else if (status !== undefined && status !== 'ACTIVE')
        results.push(noteResult(`the index ${index.name} is ${status}`));
    }
    const { TimeToLiveDescription: ttl } = await dynamodb.send(
      new DescribeTimeToLiveCommand({ TableName }),
    );
    const isOff = ttl?.TimeToLiveStatus === 'DISABLED';
    if (isOff || (ttl?.AttributeName ?? TABLE.timeToLive) !== TABLE.timeToLive)
      results.push(
        problemResult(
          `${TableName} deletes no old records: time to live by ${TABLE.timeToLive} is off`,
          `aws dynamodb update-time-to-live --table-name ${TableName} --time-to-live-specification Enabled=true,AttributeName=${TABLE.timeToLive}`,
        ),
      );
    return results.length > 0 ? results : [okResult(`${TableName} has its key and its indexes`)];
  },
};

function wrong(what: string): CheckResult {
  return problemResult(what, 'create the table with batchTableSchema(): docs/storage.md');
}

/** The names of the attributes, the partition key first. */
function keyText(
  schema: readonly {
    readonly AttributeName?: string | undefined;
    readonly KeyType?: string | undefined;
  }[] = [],
): string {
  const named = (type: string) => schema.find(({ KeyType }) => KeyType === type)?.AttributeName;
  return [named('HASH'), named('RANGE')].filter((name) => name !== undefined).join(', ');
}

export const bucketCheck: Check<AwsDoctorContext> = {
  name: 'bucket',
  permissions: ['s3:ListBucket'],
  async run({ aws: { access, resources, bucketPrefix = '' } }) {
    const { bucket } = resources;
    if (!bucket) return [];
    try {
      await s3Client(access).send(new HeadBucketCommand({ Bucket: bucket }));
    } catch (error) {
      if (!(error instanceof Error && error.name === 'NotFound')) throw error;
      return [problemResult(`there is no bucket ${bucket}`, 'create it, or deploy with another')];
    }
    return [
      okResult(
        `${bucket} can be reached${bucketPrefix && `, and keys begin with ${bucketPrefix}`}`,
      ),
    ];
  },
};
