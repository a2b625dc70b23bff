/** Imported lazily by `findRequest`. Only what is named here gets into the bundles of processors. */
export { dynamodbClient } from '../aws/clients/dynamodb.ts';
export { readRequestBatch } from '../aws/collector.ts';
