import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { TABLE } from '../shared/config.ts';
import { allow, type Resources } from './permissions.ts';
import { allowItems } from './tableItems.ts';

/**
 * What it takes to check a job whose provider says that it has ended, apart from calling the
 * provider: its batch and the provider's state, the index of running jobs, and the queues that the
 * batch goes on in.
 */
export function grantChecking(
  listener: lambda.Function,
  { table, queues, eventBus }: Resources,
): void {
  allowItems(listener, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, ['batch#', 'provider#']);
  allow([listener], ['dynamodb:Query'], [`${table.tableArn}/index/${TABLE.providerIndex.name}`]);
  allow([listener], ['sqs:SendMessage'], [queues.worker.queue.queueArn]);
  allow([listener], ['events:PutEvents'], [eventBus.eventBusArn]);
}
