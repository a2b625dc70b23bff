import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../../local/services/gateway.ts';
import { timeToLive } from '../../../local/services/timeToLive.ts';
import type { AwsDoctorContext } from '../../../shared/operations/awsContext.ts';
import type { Check } from '../../../shared/operations/check.ts';
import { bucketCheck, tableCheck } from '../../../shared/operations/checks/storage.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';

const EXPIRES = { AttributeName: 'expiresAt', Enabled: true };
const TABLES = [
  { name: 'whole', TimeToLiveSpecification: EXPIRES },
  { name: 'partial', TimeToLiveSpecification: EXPIRES },
  { name: 'by-another', TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } },
  { name: 'turned-off', TimeToLiveSpecification: { ...EXPIRES, Enabled: false } },
  { name: 'without' },
];

let emulators: Emulators;
let gateway: Gateway;
beforeAll(async () => {
  emulators = await startEmulators();
  gateway = await startGateway(0);
  const upstreams = { dynamodb: emulators.tableUrl };
  gateway.route({ services: {}, upstreams, operations: timeToLive(TABLES) });
});
afterAll(async () => {
  gateway.stop();
  await emulators.stop();
});

async function found(check: Check<AwsDoctorContext>, url: string, resources: object) {
  const access = { ...clientSettings(url), forcePathStyle: true };
  const results = await check.run({ aws: { access, resources } } as unknown as AwsDoctorContext);
  return results.map(({ level, what }) => `${level}: ${what}`);
}

/** The handler's table without the index `created`. */
function withoutCreated(definition: CreateTableCommandInput): CreateTableCommandInput {
  const { GlobalSecondaryIndexes: indexes = [], AttributeDefinitions: attributes } = definition;
  return {
    ...definition,
    AttributeDefinitions: attributes?.filter(
      ({ AttributeName: name }) => !name?.startsWith('created'),
    ),
    GlobalSecondaryIndexes: indexes.filter(({ IndexName }) => IndexName !== 'created'),
  };
}

test('a table with its key and indexes is in order', async () => {
  await emulators.createTable('whole');

  expect(await found(tableCheck, gateway.url, { table: 'whole' })).toEqual([
    'ok: whole has its key and its indexes',
  ]);
});

test('an index that an imported table lacks is a problem', async () => {
  await emulators.createTable('partial', withoutCreated);

  expect(await found(tableCheck, gateway.url, { table: 'partial' })).toEqual([
    'problem: partial has no index created',
  ]);
});

test.each(['by-another', 'turned-off', 'without'])(
  'a table whose old records stay is a problem: %s',
  async (table) => {
    await emulators.createTable(table);

    expect(await found(tableCheck, gateway.url, { table })).toEqual([
      `problem: ${table} deletes no old records: time to live by expiresAt is off`,
    ]);
  },
);

test('a handler that has replaced its table and its bucket has none to check', async () => {
  expect(await found(tableCheck, gateway.url, { table: '' })).toEqual([]);
  expect(await found(bucketCheck, emulators.queueUrl, { bucket: '' })).toEqual([]);
});

test('a bucket is there, or is a problem', async () => {
  await emulators.createBucket('files');

  expect(await found(bucketCheck, emulators.queueUrl, { bucket: 'files' })).toEqual([
    'ok: files can be reached',
  ]);
  expect(await found(bucketCheck, emulators.queueUrl, { bucket: 'nowhere' })).toEqual([
    'problem: there is no bucket nowhere',
  ]);
});
