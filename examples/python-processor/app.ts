import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { BatchHandler, LlmProvider } from 'batch-handler';

export const app = new App();
const stack = new Stack(app, 'PythonProcessor');

const answers = new TableV2(stack, 'Answers', {
  partitionKey: { name: 'customId', type: AttributeType.STRING },
});
const processor = new lambda.Function(stack, 'Processor', {
  code: lambda.Code.fromAsset(join(import.meta.dirname, 'processor')),
  handler: 'index.handler',
  runtime: lambda.Runtime.PYTHON_3_13,
  timeout: Duration.minutes(15),
  environment: { ANSWERS_TABLE: answers.tableName },
});
answers.grantWriteData(processor);

new BatchHandler(stack, 'Batches', {
  processor,
  providers: { openai: LlmProvider.openAi() },
});
