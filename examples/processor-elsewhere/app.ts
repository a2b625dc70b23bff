import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { BatchHandler, LlmProvider } from 'batch-handler';

export const app = new App();

// Your service does not refer to the handler. The handler's stack grants the processor its permissions.
const service = new Stack(app, 'Service');
const answers = new TableV2(service, 'Answers', {
  partitionKey: { name: 'customId', type: AttributeType.STRING },
});
const processor = new NodejsFunction(service, 'Processor', {
  entry: join(import.meta.dirname, 'processor.ts'),
  runtime: Runtime.NODEJS_24_X,
  timeout: Duration.minutes(15),
  environment: { ANSWERS_TABLE: answers.tableName },
});
answers.grantWriteData(processor);

const batches = new Stack(app, 'Batches');
new BatchHandler(batches, 'Batches', {
  processor,
  providers: { openai: LlmProvider.openAi() },
});
