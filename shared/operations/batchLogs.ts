import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { lambdaClient } from '../aws/clients/lambda.ts';
import type { AwsHandler, HandlerConnection } from '../client/connection.ts';

/** Where to read what the handler, or the processor, logged about a batch. */
export interface BatchLog {
  /** Who writes it, such as `worker`. */
  readonly name: string;
  /** The page of CloudWatch with its lines about the batch. Only in AWS. */
  readonly url?: string;
  /** The command that prints them. Only in AWS. */
  readonly command?: string;
  /** The file or the group that has them, or who knows: for people. */
  readonly place: string;
}

interface LoggedBatch {
  readonly batchId: string;
  /** ISO 8601. There are no lines about it from before. */
  readonly createdAt: string;
}

/** The functions that do something with a batch. */
const FUNCTIONS = ['intake', 'sweeper', 'worker', 'outcome'] as const;

/** Longest that a log group is asked for: its usual name does instead. */
const PATIENCE_MS = 3_000;

/** Finds the logs about batches. What it has learned of log groups, it keeps. */
export function batchLogs({
  handler: { name, processorLog },
  aws,
  process,
}: Pick<HandlerConnection, 'handler' | 'aws' | 'process'>): (
  batch: LoggedBatch,
) => Promise<readonly BatchLog[]> {
  if (process) {
    const place = `The program that runs the handler in ${name} logs what it does where its own output goes: look there for lines with the id of the batch.`;
    return async () => [{ name: 'your program', place }];
  }
  const processor = processorLog === undefined ? [] : [{ name: 'processor', place: processorLog }];
  // A local stack has files.
  if (!aws || aws.access.endpoint !== undefined) return async () => processor;
  const groupsOf = logGroups(aws);
  return async (batch) => {
    const { region, groups } = await groupsOf();
    return [...groups, ...processor].map((log) => ({
      ...log,
      ...inCloudWatch(log.place, region, batch),
    }));
  };
}

function logGroups({ access, resources }: AwsHandler) {
  const lambda = lambdaClient(access);
  const known = new Map<string, string>();
  return async () => {
    const groups = await Promise.all(
      FUNCTIONS.map(async (name) => {
        const functionName = resources[name];
        const found = known.get(functionName) ?? (await logGroupOf(lambda, functionName));
        if (found !== undefined) known.set(functionName, found);
        return { name, place: found ?? `/aws/lambda/${functionName}` };
      }),
    );
    return { region: await lambda.config.region(), groups };
  };
}

/** The log group of a function, from its own settings; undefined if they cannot be read. */
export async function logGroupOf(
  lambda: LambdaClient,
  functionName: string,
): Promise<string | undefined> {
  const found = await lambda
    .send(new GetFunctionConfigurationCommand({ FunctionName: functionName }), {
      abortSignal: AbortSignal.timeout(PATIENCE_MS),
    })
    .catch(() => undefined);
  return found?.LoggingConfig?.LogGroup;
}

/** The lines of a log group that have the id of a batch. */
export function inCloudWatch(
  group: string,
  region: string,
  { batchId, createdAt }: LoggedBatch,
): Pick<BatchLog, 'url' | 'command'> {
  const pattern = `"${batchId}"`;
  const parameters = `?filterPattern=${encodeURIComponent(pattern)}&start=${Date.parse(createdAt)}`;
  const path = `log-groups/log-group/${inFragment(encodeURIComponent(group))}/log-events${inFragment(parameters)}`;
  return {
    url: `https://${consoleHost(region)}/cloudwatch/home?region=${region}#logsV2:${path}`,
    command: `aws logs tail ${group} --since ${createdAt} --filter-pattern '${pattern}'`,
  };
}

/** The console of CloudWatch encodes what follows its `#` in a way of its own. */
function inFragment(text: string): string {
  return encodeURIComponent(text).replaceAll('%', '$');
}

/** Each partition of AWS has a console of its own. */
function consoleHost(region: string): string {
  if (region.startsWith('cn-')) return `${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `${region}.console.amazonaws-us-gov.com`;
  return `${region}.console.aws.amazon.com`;
}
