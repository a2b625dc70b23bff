/** What a processor with `once` loads beside the others: one import, so that it is one bundle. */
export { dynamodbClient } from '../aws/clients/dynamodb.ts';
export { dynamoTable } from '../aws/table.ts';
export { effectRecord } from '../stores/onceRecords.ts';
export { once } from './once.ts';
