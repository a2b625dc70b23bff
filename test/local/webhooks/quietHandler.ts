import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { createBatchReader } from '../../../local/batches/batchReader.ts';
import { findHandlerNames } from '../../../local/handlerNames.ts';
import { readJournal } from '../../../local/simulators/journalReader.ts';
import { type RunningStack, type StackOptions, startStack } from '../../../local/stack.ts';
import { webhookUrls } from '../../../local/stackSettings.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import type { Batch } from '../../../shared/batch/batch.ts';
import type { Status } from '../../../shared/batch/status.ts';
import { synthesizeStack } from '../../support/localStackAssembly.ts';
import { requestLine } from '../../support/world.ts';
import { eventually } from '../fixtures/eventually.ts';
import { lambdaClient } from '../fixtures/toyAccess.ts';

/** The whole handler with webhooks, which sweeps only when a test says so. */
export interface QuietHandler {
  readonly stack: RunningStack;
  /** Where the provider sends its webhooks. */
  readonly url: string;
  sweep(): Promise<void>;
  /** Adds a batch and brings it to where the provider runs its job. */
  run(batchId: string): Promise<Batch>;
  reaches(batchId: string, status: Status): Promise<Batch | undefined>;
  /** What the provider says of the webhooks of a job, once it has sent them. */
  webhooksOf(jobId: string, count?: number): Promise<{ word: string; status: number }[]>;
  /** What the function that takes webhooks has logged. */
  log(): string;
  /** Everything of batches, providers and webhooks that the table holds. */
  items(): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startQuietHandler(options: Partial<StackOptions>): Promise<QuietHandler> {
  const directory = mkdtempSync(join(tmpdir(), 'webhooks-'));
  const assembly = join(directory, 'cdk.out');
  const openai = { kind: 'openai', webhook: true };
  await synthesizeStack(assembly, { providers: { openai } });
  stopSchedule(join(assembly, 'BatchHandler.template.json'));
  const dataDirectory = join(directory, 'data');
  const stack = await startStack(await readAssembly(assembly), {
    dataDirectory,
    // Jobs take as long: the record names each before it has ended, also on a machine under load.
    intervalSeconds: 2,
    timeScale: 1,
    port: 0,
    plan: ['completed'],
    environment: {},
    onEvent: () => {},
    ...options,
  });
  const { table, batchQueue } = findHandlerNames(stack.resources);
  const reader = createBatchReader(stack.clients.dynamodb, table);
  const lambda = lambdaClient(stack);
  const sweeper = stack.resources.functions.find(({ name }) => name.includes('Sweeper'))?.name;
  const reaches = (batchId: string, status: Status) =>
    eventually(
      () => reader.get(batchId),
      (batch) => batch?.status === status,
    );
  const sweep = async () => void (await lambda.send(new InvokeCommand({ FunctionName: sweeper })));
  return {
    stack,
    url: webhookUrls(stack.resources).get('openai') ?? '',
    sweep,
    reaches,
    async run(batchId) {
      const requests = ['a', 'b'].map((id) => JSON.parse(requestLine(id)));
      await stack.clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: stack.resources.queues.find(({ name }) => name === batchQueue)?.url,
          MessageBody: JSON.stringify({ batchId, requests }),
        }),
      );
      await reaches(batchId, 'queued');
      await sweep();
      const batch = await reaches(batchId, 'running');
      if (batch?.status !== 'running') throw new Error(`${batchId} is ${batch?.status}`);
      return batch;
    },
    async webhooksOf(jobId, count = 1) {
      const look = async () => {
        const { events } = await readJournal(join(dataDirectory, 'simulators', 'openai'));
        return events.flatMap((each) =>
          each.event === 'webhook' && each.jobId === jobId
            ? [{ word: each.word, status: each.status }]
            : [],
        );
      };
      return eventually(look, (sent) => sent.length >= count);
    },
    log() {
      const directory = join(dataDirectory, 'logs');
      const name = readdirSync(directory).find((file) => file.includes('Webhook'));
      return name === undefined ? '' : readFileSync(join(directory, name), 'utf8');
    },
    async items() {
      const { Items: items = [] } = await stack.clients.dynamodb.send(
        new ScanCommand({ TableName: table, ConsistentRead: true }),
      );
      return items.filter(({ id }) => !id?.S?.startsWith('lock#')).sort(byId);
    },
    async stop() {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function byId(a: { id?: { S?: string } }, b: { id?: { S?: string } }): number {
  return (a.id?.S ?? '').localeCompare(b.id?.S ?? '');
}

function stopSchedule(path: string): void {
  const template = JSON.parse(readFileSync(path, 'utf8'));
  for (const { Type, Properties } of Object.values<{ Type: string; Properties: object }>(
    template.Resources,
  ))
    if (Type === 'AWS::Scheduler::Schedule') Object.assign(Properties, { State: 'DISABLED' });
  writeFileSync(path, JSON.stringify(template));
}
