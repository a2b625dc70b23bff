/** Imported lazily by `findRequest`. Only what is named here gets into the bundles of processors. */
export { dynamodbClient } from '../aws/clients/dynamodb.ts';
export { dynamoTable } from '../aws/table.ts';
export { readRequestBatch } from '../stores/collectorStores.ts';
