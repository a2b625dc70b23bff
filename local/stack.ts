import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL_STACK_FILE, type LocalStack } from '../shared/client/localStack.ts';
import { createResources } from './emulators/createResources.ts';
import { type Clients, createClients, startEmulators } from './emulators/emulators.ts';
import { objectEvents } from './events/objectCreated.ts';
import { createRules } from './events/rules.ts';
import { startEventSources } from './events/wiring.ts';
import { wireAsyncInvoker } from './lambda/asyncInvoker.ts';
import { deployFunctions, functionEnvironment, indexFunctions } from './lambda/functions.ts';
import { findPython, pythonLines } from './lambda/python.ts';
import { localTimeoutSeconds, localVisibilitySeconds } from './lambda/timeouts.ts';
import { startProviders } from './providers.ts';
import { cloudFormationService, deployedStacks } from './services/cloudFormationService.ts';
import { type BusEvent, eventsService, schedulerService } from './services/eventsService.ts';
import { functionUrls } from './services/functionUrls.ts';
import { FUNCTION_URLS, startGateway } from './services/gateway.ts';
import { lambdaService } from './services/lambdaService.ts';
import { messageMoves } from './services/messageMoves.ts';
import { secretsService } from './services/secretsService.ts';
import { timeToLive } from './services/timeToLive.ts';
import { providerEntries, secretValues, webhookUrls } from './stackSettings.ts';
import { localAccount } from './template/account.ts';
import type { Assembly } from './template/assembly.ts';
import { isNamed } from './template/identities.ts';
import { readResources, type StackResources } from './template/resources.ts';
import { unsupportedLines } from './template/unsupported.ts';

export interface StackOptions {
  /** The directory for everything that outlives the run. */
  readonly dataDirectory: string;
  /** The time between sweeps, and the length of simulated jobs. */
  readonly intervalSeconds: number;
  /** The factor on all waiting times and timeouts. */
  readonly timeScale: number;
  /** The port of the endpoint of all AWS services. 0 for a free one. */
  readonly port: number;
  readonly plan: readonly string[];
  /** The address of a server that takes the place of every provider. Default: none does. */
  readonly baseUrl?: string | undefined;
  /** The outcomes of the webhooks of simulated jobs, in order. Default: all are sent. */
  readonly webhookPlan?: readonly string[];
  /** The outcomes of the events that Bedrock sends. Default: all are sent. */
  readonly eventPlan?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  onEvent(event: BusEvent): void;
}

/** A stack that runs on this machine. */
export interface RunningStack {
  readonly resources: StackResources;
  readonly clients: Clients;
  /** The endpoint of all AWS services, for SDKs and the CLI. */
  readonly endpointUrl: string;
  /** The URL of the SQS emulator, which shows the content of queues. */
  readonly emulatorUrl: string;
  readonly providerDescription: string;
  /** Lines for people: what does not run here, or not as it does on AWS. */
  readonly notes: readonly string[];
  /** Resolves with the reason when a process of the stack has ended unexpectedly. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

/** Deploys a synthesized stack to this machine and starts it. Leaves nothing running if it throws. */
export async function startStack(assembly: Assembly, options: StackOptions): Promise<RunningStack> {
  const { dataDirectory, intervalSeconds, timeScale } = options;
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const gateway = await startGateway(options.port);
    stops.push(gateway.stop);
    const emulators = await startEmulators(dataDirectory);
    stops.push(...emulators.processes.map((process) => process.stop));
    const { queueUrl, tableUrl } = emulators;
    const account = localAccount(assembly.stackName, queueUrl, gateway.url);
    const resources = localResources(readResources(assembly, account), timeScale);
    const python = findPython(resources.functions);
    const clients = createClients(emulators);
    await createResources(clients, resources);

    const providers = await startProviders({
      ...options,
      entries: providerEntries(resources.functions),
      webhookUrls: webhookUrls(resources),
      jobSeconds: intervalSeconds,
      bucketUrl: queueUrl,
      eventsUrl: gateway.url,
    });
    stops.push(...providers.processes.map((process) => process.stop));

    const lambdas = deployFunctions(resources, {
      dataDirectory,
      python,
      environment: {
        ...functionEnvironment({ tableUrl, queueUrl, gatewayUrl: gateway.url, timeScale }),
        ...providers.environment,
      },
    });
    const functions = indexFunctions(lambdas);
    const asyncInvoker = wireAsyncInvoker(resources, functions, clients, options);
    const rules = createRules(resources, functions, asyncInvoker, clients);
    const moves = messageMoves(clients.sqs, resources.queues);
    stops.push(moves.stop);
    gateway.route({
      services: {
        cloudformation: cloudFormationService(
          deployedStacks(assembly, localAccount(assembly.stackName, gateway.url), Date.now()),
        ),
        events: eventsService(join(dataDirectory, 'events.jsonl'), options.onEvent, rules),
        lambda: lambdaService(functions, asyncInvoker),
        [FUNCTION_URLS]: functionUrls(functions, resources.functionUrls),
        scheduler: schedulerService(resources.schedules),
        secretsmanager: secretsService(
          resources.secrets,
          secretValues(resources.functions, providers),
        ),
      },
      upstreams: { dynamodb: tableUrl, s3: queueUrl, sqs: queueUrl, sts: queueUrl },
      onSuccess: { s3: objectEvents(resources.buckets, clients, rules) },
      operations: { ...moves.operations, ...timeToLive(resources.tables) },
    });

    stops.push(async () => {
      await Promise.all(lambdas.map((lambda) => lambda.stop()));
    });
    stops.push(asyncInvoker.stop);
    asyncInvoker.resume();
    stops.push(
      await startEventSources(resources, functions, clients, {
        emulatorUrl: queueUrl,
        intervalSeconds,
      }),
    );
    const { stackName } = assembly;
    const endpointUrl = gateway.url;
    stops.push(writeStackFile(dataDirectory, { endpointUrl, stackName, pid: process.pid }));
    return {
      resources,
      clients,
      endpointUrl,
      emulatorUrl: queueUrl,
      providerDescription: providers.description,
      notes: [
        ...pythonLines(resources.functions, python),
        ...unsupportedLines(resources.unsupported),
      ],
      broken: Promise.race(
        [...emulators.processes, ...providers.processes].map(({ died }) => died),
      ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Scales the timeouts of the stack's functions and of the queues that they consume. */
function localResources(resources: StackResources, timeScale: number): StackResources {
  const functions = resources.functions.map((resource) => ({
    ...resource,
    timeoutSeconds: localTimeoutSeconds(resource.timeoutSeconds, timeScale),
  }));
  const queues = resources.queues.map((queue) => {
    const source = resources.eventSources.find(({ queueArn }) => queueArn === queue.arn);
    const consumer = functions.find(({ name, arn }) => isNamed(source?.functionName, name, arn));
    if (consumer === undefined) return queue;
    const seconds = localVisibilitySeconds(queue.VisibilityTimeout, consumer.timeoutSeconds);
    return { ...queue, VisibilityTimeout: seconds };
  });
  return { ...resources, functions, queues };
}

/**
 * Writes the file in which the command line's `--local` finds the running stack.
 *
 * @returns removes the file. A killed run leaves it, with the id of a process that no longer exists
 */
function writeStackFile(dataDirectory: string, stack: LocalStack): () => void {
  const path = join(dataDirectory, LOCAL_STACK_FILE);
  // The rename is atomic, so that nobody reads half of the file.
  writeFileSync(`${path}.new`, `${JSON.stringify(stack)}\n`);
  renameSync(`${path}.new`, path);
  return () => rmSync(path, { force: true });
}
