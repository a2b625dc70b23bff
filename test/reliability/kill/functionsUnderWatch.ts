import { join } from 'node:path';
import {
  type Functions,
  functionEnvironment,
  indexFunctions,
} from '../../../local/lambda/functions.ts';
import { deployFunction, type LambdaFunction } from '../../../local/lambda/lambdaFunction.ts';
import type { StackResources } from '../../../local/template/resources.ts';
import { ENVIRONMENT } from '../../../shared/config.ts';

export const ROLES = [
  'Intake',
  'Worker',
  'Sweeper',
  'Webhook',
  'Outcome',
  'Processor',
  'Api',
] as const;
export type Role = (typeof ROLES)[number];

/** Base URLs of all that functions talk to. */
export interface Addresses {
  readonly table: string;
  /** Of SQS and S3. */
  readonly queues: string;
  /** Of Lambda, EventBridge and Secrets Manager. */
  readonly gateway: string;
  readonly provider: string;
}

/** The stack's functions as processes, one of which can be put under watch and killed. */
export interface FunctionsUnderWatch extends Functions {
  get(role: Role): LambdaFunction;
  /** Ends the function's processes and starts the next one with these addresses. */
  deploy(role: Role, addresses: Addresses): Promise<void>;
  /** Kills the function's processes; the next invocation starts a new one. */
  kill(role: Role): Promise<void>;
  stop(): Promise<void>;
}

const CLOCK_PRELOAD = join(import.meta.dirname, 'clockPreload.ts');

export function functionsUnderWatch(
  { functions: resources }: StackResources,
  options: {
    readonly addresses: Addresses;
    readonly directory: string;
    readonly clockFile: string;
    /** The bundle that runs as the processor. */
    readonly processorDirectory: string;
  },
): FunctionsUnderWatch {
  const deployed = new Map<Role, { readonly lambda: LambdaFunction; readonly at: Addresses }>();

  const put = (role: Role, at: Addresses): void => {
    const resource = resources.find(({ logicalId }) => logicalId.includes(role));
    if (resource === undefined) throw new Error(`the stack has no function ${role}`);
    const lambda = deployFunction(
      role === 'Processor'
        ? { ...resource, directory: options.processorDirectory, handler: 'index.handler' }
        : resource,
      {
        environment: {
          ...functionEnvironment({
            tableUrl: at.table,
            queueUrl: at.queues,
            gatewayUrl: at.gateway,
            timeScale: 1,
          }),
          ...queueUrls(resource.environment, options.addresses.queues, at.queues),
          [ENVIRONMENT.providerBaseUrls]: JSON.stringify({ openai: at.provider }),
          NODE_OPTIONS: `--import ${CLOCK_PRELOAD}`,
          CLOCK_FILE: options.clockFile,
        },
        logDirectory: options.directory,
        temporaryDirectory: join(options.directory, 'tmp'),
      },
    );
    deployed.set(role, { lambda, at });
  };
  for (const role of ROLES) put(role, options.addresses);

  const get = (role: Role) => {
    const found = deployed.get(role);
    if (found === undefined) throw new Error(`${role} is not deployed`);
    return found;
  };
  const self: FunctionsUnderWatch = {
    get: (role) => get(role).lambda,
    async deploy(role, addresses) {
      await get(role).lambda.stop();
      put(role, addresses);
    },
    kill: (role) => self.deploy(role, get(role).at),
    find: (name, qualifier) =>
      indexFunctions([...deployed.values()].map(({ lambda }) => lambda)).find(name, qualifier),
    async stop() {
      await Promise.all([...deployed.values()].map(({ lambda }) => lambda.stop()));
    },
  };
  return self;
}

/** The SDK takes a queue's URL for the service's address. */
function queueUrls(
  environment: Readonly<Record<string, string>>,
  from: string,
  to: string,
): Record<string, string> {
  const urls = Object.entries(environment).filter(([, value]) => value.startsWith(from));
  return Object.fromEntries(urls.map(([name, value]) => [name, value.replace(from, to)]));
}
