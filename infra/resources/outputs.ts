import { createHash } from 'node:crypto';
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as scheduler from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import type { GrantResult } from '../providers/access.ts';
import type { Api } from './api.ts';
import type { Collector } from './collector.ts';
import type { HandlerResources } from './functions.ts';
import type { QueuePair } from './queues.ts';
import type { WebhookEndpoint } from './webhooks.ts';

/** What the outputs of a handler name. */
interface NamedParts {
  readonly resources: Pick<HandlerResources, 'table' | 'bucket' | 'queues'>;
  readonly collector: Collector | undefined;
  readonly functions: Readonly<Record<string, lambda.Function>>;
  readonly schedule: scheduler.Schedule;
  readonly dashboard: cloudwatch.Dashboard | undefined;
  readonly access: Readonly<Record<string, GrantResult>>;
  readonly webhooks: Readonly<Record<string, WebhookEndpoint>>;
  readonly api: Api | undefined;
}

/** The handler's path in its stack: what makes the names of its outputs unique there. */
export function outputPrefix(handler: Construct): string {
  const path = handler.node.scopes.slice(Stack.of(handler).node.scopes.length);
  return path.map(({ node }) => node.id.replaceAll(/[^A-Za-z0-9]/g, '')).join('');
}

/**
 * Declares what a user of the stack needs to know of it as outputs.
 *
 * @param prefix begins the name of each
 */
export function createOutputs(handler: Construct & NamedParts, prefix: string): void {
  const outputs = new Outputs(handler, prefix);
  const { collector, schedule, dashboard, api } = handler;
  const { bucket, table, queues } = handler.resources;
  if (queues.intake) {
    outputs.add('BatchQueueUrl', queues.intake.queue.queueUrl, 'Send messages to this queue');
    outputs.addPair('Batch', '', queues.intake, 'Holds refused messages');
  }
  if (queues.worker)
    outputs.addPair('Work', 'Work', queues.worker, 'Holds work that failed repeatedly');
  const lostOutcomes = 'Holds outcomes of deliveries that could not be recorded';
  outputs.addPair('Outcome', 'Outcome', queues.outcome, lostOutcomes);
  if (collector) {
    const { queues: pair } = collector;
    outputs.add('CollectorQueueUrl', pair.queue.queueUrl, 'Send single requests to this queue');
    outputs.addPair('Collector', 'Collector', pair, 'Holds refused single requests');
  }
  if (bucket)
    outputs.add('BucketName', bucket.bucketName, 'Upload files to uploads/<batchId>.jsonl');
  if (table) outputs.add('TableName', table.tableName, 'Holds the state of every batch');
  if (api) outputs.add('ApiUrl', api.url, 'The base URL of OpenAI clients');
  outputs.add('ScheduleName', schedule.scheduleName, 'Invokes the sweeper');
  if (dashboard) outputs.add('DashboardName', dashboard.dashboardName, 'Shows the state now');
  for (const [name, each] of Object.entries(handler.functions)) outputs.addFunction(name, each);
  for (const [name, { secret, credential }] of Object.entries(handler.access)) {
    if (!secret) continue;
    const description = `Put the ${credential} of ${name} in this secret`;
    outputs.add(`SecretName-${name}`, secret.secretName, description);
  }
  for (const [name, { url, secret }] of Object.entries(handler.webhooks)) {
    outputs.add(`WebhookUrl-${name}`, url, `Enter this URL at ${name} for the events batch.*`);
    const description = `Put the signing secret of the webhooks of ${name} in this secret`;
    outputs.add(`WebhookSecretName-${name}`, secret.secretName, description);
  }
}

/** The names of the outputs that the handlers of a stack have declared. */
const TAKEN = new WeakMap<Stack, Set<string>>();

/**
 * A name that no other output of a handler has: of names that differ in other characters than letters
 * and digits only, the later ones end with a hash.
 */
function uniqueName(handler: Construct, prefix: string, id: string): string {
  const stack = Stack.of(handler);
  const taken = TAKEN.get(stack) ?? new Set();
  TAKEN.set(stack, taken);
  const name = prefix + id.replaceAll(/[^A-Za-z0-9]/g, '');
  const hash = createHash('sha256').update(`${handler.node.path}/${id}`).digest('hex').slice(0, 8);
  const unique = taken.has(name) ? name + hash : name;
  taken.add(unique);
  return unique;
}

class Outputs {
  readonly #handler: Construct;
  readonly #prefix: string;

  constructor(handler: Construct, prefix: string) {
    this.#handler = handler;
    this.#prefix = prefix;
  }

  /** @param id of the output without the prefix; CloudFormation takes letters and digits of it */
  add(id: string, value: string, description: string): void {
    const output = new CfnOutput(this.#handler, `Output${id}`, { value, description });
    output.overrideLogicalId(uniqueName(this.#handler, this.#prefix, id));
  }

  addFunction(name: string, { functionName }: lambda.Function): void {
    const id = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}FunctionName`;
    this.add(id, functionName, `The function of the ${name}`);
  }

  /** What reading a dead-letter queue and moving its messages back requires. */
  addPair(name: string, deadLetterPrefix: string, pair: QueuePair, description: string): void {
    const { queue, deadLetterQueue } = pair;
    const deadLetterName = `${deadLetterPrefix}DeadLetterQueue`;
    const back = `Destination for moving messages of ${deadLetterName} back`;
    this.add(`${name}QueueArn`, queue.queueArn, back);
    this.add(`${deadLetterName}Url`, deadLetterQueue.queueUrl, description);
    const source = 'Source for moving messages back';
    this.add(`${deadLetterName}Arn`, deadLetterQueue.queueArn, source);
  }
}
