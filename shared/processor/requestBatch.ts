export { dynamodbClient } from '../aws/clients/dynamodb.ts';
export { readRequestBatch } from '../aws/collectorRequests.ts';
