import { Resource, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/config.ts';
import { ConfigurationError } from '../configurationError.ts';
import { checkSameKey } from '../resources/encryption.ts';
import { batchTableSchema } from '../resources/table.ts';
import { checkPlace } from './place.ts';

/** Under `exactOptionalPropertyTypes` the classes do not implement their interfaces. */
export type GivenTable = dynamodb.ITable | dynamodb.Table | dynamodb.TableV2;

const FIX = 'create it as new dynamodb.TableV2(this, id, { ...batchTableSchema() })';

/**
 * Checks the prop `table`. Of an imported table, the indexes are not known.
 *
 * @param key the prop `encryptionKey`
 * @returns the table, with the key by which it is encrypted as far as that is known
 * @throws ConfigurationError for a table that the handler could not work with
 */
export function takeTable(
  scope: Construct,
  given: GivenTable,
  key: kms.IKey | undefined,
): dynamodb.ITable {
  const table = given as dynamodb.ITable;
  checkPlace(
    scope,
    table,
    'table:',
    (what) => `use a table of the same ${what}, since every step reads and writes it`,
  );
  checkSameKey('table', 'table', table, { key, own: table.encryptionKey });
  if (Resource.isOwnedResource(table)) checkSchema(table);
  else if (key && !table.encryptionKey)
    return dynamodb.Table.fromTableAttributes(scope, 'GivenTable', {
      tableArn: table.tableArn,
      encryptionKey: key,
    });
  return table;
}

interface KeyPart {
  readonly attributeName: string;
  readonly keyType: string;
}

interface Index {
  readonly indexName: string;
  readonly keySchema: readonly KeyPart[];
  readonly projection: {
    readonly projectionType?: string;
    readonly nonKeyAttributes?: readonly string[];
  };
}

/** @throws ConfigurationError naming the key, the index or the setting that does not fit */
function checkSchema(table: dynamodb.ITable): void {
  const resource = table.node.defaultChild;
  if (!(resource instanceof dynamodb.CfnGlobalTable || resource instanceof dynamodb.CfnTable))
    return;
  const resolve = <T>(value: unknown): T | undefined => Stack.of(table).resolve(value);
  const refusal = (problem: string) =>
    new ConfigurationError(`table ${table.node.path} ${problem}: ${FIX}`);
  const { partitionKey, timeToLive } = TABLE;
  const key = keyText(resolve<readonly KeyPart[]>(resource.keySchema));
  if (key !== partitionKey) throw refusal(`has the key ${key}, and needs the key ${partitionKey}`);
  const attributes = resolve<readonly { attributeName: string; attributeType: string }[]>(
    resource.attributeDefinitions,
  );
  const indexes = resolve<readonly Index[]>(resource.globalSecondaryIndexes) ?? [];
  for (const needed of batchTableSchema().globalSecondaryIndexes) {
    const { indexName, nonKeyAttributes } = needed;
    const index = indexes.find((each) => each.indexName === indexName);
    if (index === undefined) throw refusal(`has no index ${indexName}`);
    const parts = [needed.partitionKey, ...('sortKey' in needed ? [needed.sortKey] : [])];
    const neededKey = parts.map(({ name }) => name).join(', ');
    const indexKey = keyText(index.keySchema);
    if (indexKey !== neededKey)
      throw refusal(`has an index ${indexName} with the key ${indexKey}, and needs ${neededKey}`);
    const { projectionType, nonKeyAttributes: projected = [] } = index.projection;
    const missing = nonKeyAttributes.filter((name) => !projected.includes(name));
    if (projectionType !== 'ALL' && missing.length > 0)
      throw refusal(`has an index ${indexName} that does not project ${missing.join(', ')}`);
    for (const { name } of parts) checkType(name);
  }
  checkType(partitionKey);
  const ttl = resolve<{ attributeName?: string; enabled: boolean }>(
    resource.timeToLiveSpecification,
  );
  if (!ttl?.enabled || ttl.attributeName !== timeToLive)
    throw refusal(`has no time to live by ${timeToLive}, so that old records would stay forever`);

  function checkType(name: string): void {
    const type = attributes?.find(({ attributeName }) => attributeName === name)?.attributeType;
    if (type !== 'S')
      throw refusal(`has the attribute ${name} of type ${type}, and needs a string`);
  }
}

/** The names of the attributes, the partition key first. */
function keyText(schema: readonly KeyPart[] = []): string {
  const [hash, range] = ['HASH', 'RANGE'].map(
    (type) => schema.find(({ keyType }) => keyType === type)?.attributeName,
  );
  return [hash, range].filter((name) => name !== undefined).join(', ');
}
