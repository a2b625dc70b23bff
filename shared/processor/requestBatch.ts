export { dynamodbClient } from '../aws/clients/dynamodb.ts';
export { readRequestBatch } from '../aws/collector.ts';
