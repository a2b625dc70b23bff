import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type OpenAI from 'openai';
import { createResources } from '../../../local/emulators/createResources.ts';
import { type Clients, createClients, startEmulators } from '../../../local/emulators/emulators.ts';
import { wireAsyncInvoker } from '../../../local/lambda/asyncInvoker.ts';
import { eventsService } from '../../../local/services/eventsService.ts';
import { functionUrls } from '../../../local/services/functionUrls.ts';
import { FUNCTION_URLS, startGateway } from '../../../local/services/gateway.ts';
import { lambdaService } from '../../../local/services/lambdaService.ts';
import { secretsService } from '../../../local/services/secretsService.ts';
import {
  findHandlerNames,
  type HandlerNames,
  secretValues,
  webhookUrls,
} from '../../../local/stackSettings.ts';
import { localAccount } from '../../../local/template/account.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { readResources } from '../../../local/template/resources.ts';
import { dynamoTable } from '../../../shared/aws/table.ts';
import type { StateChange } from '../../../shared/batch/contracts.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import type { BatchStore } from '../../../shared/batch/ports.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import type { Simulator } from '../../../simulators/engine/jobServer.ts';
import { startOpenAiSimulator } from '../../../simulators/openai/index.ts';
import { signed } from '../../../simulators/openai/webhooks.ts';
import { synthesizedStack } from '../../support/localStackAssembly.ts';
import { moveClock, shareClock } from './clock.ts';
import { queueConsumers } from './consumers.ts';
import {
  type Addresses,
  type FunctionsUnderWatch,
  functionsUnderWatch,
} from './functionsUnderWatch.ts';
import { connectClient } from './overHttp.ts';
import { startWatchedNetwork, type WatchedNetwork } from './watchedNetwork.ts';

/** A webhook at the function's URL, or the rule on events, which asks the sweeper to look at a job. */
export type Messenger = 'webhook' | 'rule';

/**
 * The stack on this machine, its functions as processes, with time, the schedule and the pollers
 * in the test's hand: so that a lease of minutes runs out at once, and nothing happens unasked.
 */
export interface KillRig {
  readonly names: HandlerNames;
  readonly batchQueueUrl: string;
  readonly clients: Clients;
  readonly batches: BatchStore;
  readonly items: ItemTable;
  /** A client of the stack's HTTP API. */
  readonly openai: OpenAI;
  readonly simulator: Simulator;
  readonly functions: FunctionsUnderWatch;
  readonly network: WatchedNetwork;
  readonly direct: Addresses;
  readonly watched: Addresses;
  /** What the event bus was told. */
  readonly events: readonly StateChange[];
  /** Handles everything that is queued, once; gives how much it was. */
  drain(): Promise<number>;
  sweep(): Promise<void>;
  /** Has the provider tell of the end of a job, true or not. It does not look at the answer. */
  tell(messenger: Messenger, jobId: string): Promise<void>;
  /** Moves the time of all processes. */
  advance(milliseconds: number): void;
  stop(): Promise<void>;
}

const JOB_SECONDS = 50;
/** Shorter than a millisecond: a wait of no time, which leaves nothing to chance. */
const NO_WAIT = { baseSeconds: 0.0001, capSeconds: 0.0001 };

const WEBHOOK_SECRET = `whsec_${Buffer.from('kill-rig').toString('base64')}`;

const SCHEDULER_EVENT = JSON.stringify({ source: 'aws.scheduler' });

/** @param processor the directory of what runs as the processor */
export async function startKillRig(
  plan: readonly string[],
  processor = join(import.meta.dirname, 'processor'),
): Promise<KillRig> {
  const directory = mkdtempSync(join(tmpdir(), 'kill-rig-'));
  const clockFile = join(directory, 'clock');
  writeFileSync(clockFile, '0');
  const giveClockBack = shareClock(clockFile);

  const assembly = await readAssembly(
    await synthesizedStack({
      policy: { retryBackoff: NO_WAIT },
      api: true,
      providers: { openai: { kind: 'openai', webhook: true } },
    }),
  );
  const emulators = await startEmulators(directory);
  const { queueUrl, tableUrl } = emulators;
  const gateway = await startGateway(0);
  const account = localAccount(assembly.stackName, queueUrl, gateway.url);
  const resources = readResources(assembly, account);
  const clients = createClients(emulators);
  await createResources(clients, resources);
  const simulator = await startOpenAiSimulator({
    dataDir: join(directory, 'openai'),
    plan: [...plan],
    jobSeconds: JOB_SECONDS,
  });

  const direct: Addresses = {
    table: tableUrl,
    queues: queueUrl,
    gateway: gateway.url,
    provider: simulator.url,
  };
  const network = await startWatchedNetwork({ ...direct });
  const functions = functionsUnderWatch(resources, {
    ...{ directory, clockFile },
    addresses: direct,
    processorDirectory: processor,
  });
  const asyncInvoker = wireAsyncInvoker(resources, functions, clients, {
    dataDirectory: directory,
    timeScale: 1,
  });
  const events: StateChange[] = [];
  gateway.route({
    services: {
      events: eventsService(join(directory, 'events.jsonl'), ({ Detail: detail }) =>
        events.push(JSON.parse(detail)),
      ),
      lambda: lambdaService(functions, asyncInvoker),
      secretsmanager: secretsService(
        resources.secrets,
        secretValues(resources.functions, {
          secrets: new Map([['openai', 'sk-test']]),
          webhookSecrets: new Map([['openai', WEBHOOK_SECRET]]),
        }),
      ),
      [FUNCTION_URLS]: functionUrls(functions, resources.functionUrls),
    },
    upstreams: { dynamodb: tableUrl, s3: queueUrl, sqs: queueUrl },
  });

  const handleQueued = queueConsumers(resources, functions, clients.sqs);
  /** Until Lambda has run, and told of, all that it has accepted. */
  const accepted = join(directory, 'invocations');
  const asyncInvocationsEnded = async (): Promise<void> => {
    while (existsSync(accepted) && readdirSync(accepted).length > 0) await wait(5);
  };

  const names = findHandlerNames(resources);
  const items = dynamoTable(DynamoDBDocumentClient.from(clients.dynamodb), names.table);
  const openai = await connectClient(resources, items);
  return {
    ...{ names, clients, items, openai, simulator, functions, network, direct, events },
    batchQueueUrl: resources.queues.find(({ name }) => name === names.batchQueue)?.url ?? '',
    watched: { ...direct, ...network.urls },
    batches: batchStore(items, DEFAULT_POLICY),
    async drain() {
      const handled = await handleQueued();
      await asyncInvocationsEnded();
      return handled;
    },
    async sweep() {
      await functions.get('Sweeper').invoke(SCHEDULER_EVENT);
      await asyncInvocationsEnded();
    },
    async tell(messenger, jobId) {
      if (messenger === 'rule') {
        const hint = { action: 'check', providers: ['openai'], jobId };
        await functions.get('Sweeper').invoke(JSON.stringify(hint));
        return asyncInvocationsEnded();
      }
      const body = JSON.stringify({ type: 'batch.completed', data: { id: jobId } });
      const headers = signed(body, WEBHOOK_SECRET, { id: randomUUID(), time: Date.now() });
      const url = webhookUrls(resources).get('openai') ?? '';
      await (await fetch(url, { method: 'POST', headers, body })).arrayBuffer();
    },
    advance: (milliseconds) => moveClock(clockFile, milliseconds),
    async stop() {
      asyncInvoker.stop();
      await functions.stop();
      await network.close();
      gateway.stop();
      await simulator.close();
      for (const client of Object.values(clients)) client.destroy();
      await Promise.all(emulators.processes.map((process) => process.stop()));
      giveClockBack();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
