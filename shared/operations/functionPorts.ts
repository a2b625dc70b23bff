import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { eventBridgeClient } from '../aws/clients/eventBridge.ts';
import { lambdaClient } from '../aws/clients/lambda.ts';
import { s3Client } from '../aws/clients/s3.ts';
import { sqsClient } from '../aws/clients/sqs.ts';
import { realEventBus } from '../aws/eventBus.ts';
import { realObjectStore } from '../aws/objectStore.ts';
import { realProcessor } from '../aws/processor.ts';
import { realQueues } from '../aws/queues.ts';
import { policySchema, scalePolicy } from '../batch/policy.ts';
import { ClientError } from '../client/clientError.ts';
import {
  type AwsHandler,
  awsOf,
  type FunctionPorts,
  type HandlerConnection,
  placeOf,
} from '../client/connection.ts';
import type { ClientDeployment, Port } from '../client/replacedPorts.ts';
import { ENVIRONMENT } from '../config.ts';
import { settingsOf } from './settings.ts';

/** Ports of the runtime as a user's code gives them: each a value, or a function that makes it. */
export type GivenPorts = { readonly [Name in keyof MadePorts]?: Port<MadePorts[Name]> };

/** What may be replaced of them. */
type MadePorts = Omit<FunctionPorts, 'policy' | 'tableName'>;
const NAMES = ['objects', 'queues', 'processor', 'bus'] as const satisfies (keyof MadePorts)[];

/**
 * The ports of the functions of a handler, for a program that does what they do. Of a handler in AWS, they
 * work with the credentials of the connection.
 *
 * @param given the ports that the handler's user has replaced
 * @throws ClientError `ports_missing` if the functions have replaced one that is not given
 */
export async function functionPorts(
  connection: HandlerConnection,
  given: GivenPorts,
): Promise<FunctionPorts> {
  if (connection.process) return connection.process.ports;
  const aws = awsOf(connection, 'batch-handler serve');
  const variables = await variablesOf(aws);
  const listOf = (name: string) => (variables[name] ?? '').split(',').filter((each) => each !== '');
  refuseMissing(connection.handler.name, given, listOf(ENVIRONMENT.replacedPorts));

  const { access, resources } = aws;
  const { policy: settings } = settingsOf(connection.handler);
  const policy = scalePolicy(
    policySchema.parse(settings),
    Number(variables[ENVIRONMENT.timeScale] ?? 1),
  );
  const inputBuckets = listOf(ENVIRONMENT.inputBuckets);
  const deployment: ClientDeployment = {
    ...{ policy, inputBuckets },
    tableName: resources.table || undefined,
    bucketName: resources.bucket || undefined,
  };
  const made = <T extends object>(port: Port<T> | undefined): T | undefined =>
    typeof port === 'function' ? port(deployment) : port;
  const objects =
    made(given.objects) ?? realObjectStore(s3Client(access), { ...placeOf(aws), inputBuckets });
  const urls = {
    ...{ batch: resources.batchQueue, work: resources.workQueue },
    deadLetters: { batch: resources.deadLetterQueue, work: resources.workDeadLetterQueue },
  };
  return {
    ...{ policy, objects, tableName: resources.table },
    queues: made(given.queues) ?? realQueues(sqsClient(access), urls, objects),
    processor:
      made(given.processor) ??
      realProcessor(lambdaClient(access), variables[ENVIRONMENT.processor] ?? ''),
    bus:
      made(given.bus) ??
      realEventBus(eventBridgeClient(access), variables[ENVIRONMENT.eventBus] ?? 'default'),
  };
}

/** The environment of the functions: it names what no client needs, such as the event bus. */
async function variablesOf({ access, resources }: AwsHandler): Promise<Record<string, string>> {
  const { Environment: environment } = await lambdaClient(access).send(
    new GetFunctionConfigurationCommand({ FunctionName: resources.sweeper }),
  );
  return environment?.Variables ?? {};
}

function refuseMissing(handler: string, given: GivenPorts, replaced: readonly string[]): void {
  const missing = NAMES.filter((name) => replaced.includes(name) && given[name] === undefined);
  if (missing.length === 0) return;
  throw new ClientError(
    'ports_missing',
    `${handler} has replaced its ports ${missing.join(', ')}: give them by --runtime FILE`,
  );
}
