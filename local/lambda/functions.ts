import { mkdirSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { LOG_DIRECTORY } from '../../shared/client/localStack.ts';
import { ENVIRONMENT } from '../../shared/config.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../template/account.ts';
import type { StackResources } from '../template/resources.ts';
import { deployFunction, type LambdaFunction } from './lambdaFunction.ts';
import type { Python } from './python.ts';

/** A function as a caller has named it. */
export interface Target {
  readonly lambda: LambdaFunction;
  readonly qualifier: string;
  readonly arn: string;
}

/** The deployed functions, by their names and ARNs, each with or without a qualifier. */
export interface Functions {
  /** Returns undefined if there is no such function. */
  find(nameOrArn: string, qualifier?: string): Target | undefined;
}

const ARN = /^arn:[^:]+:lambda:[^:]+:\d+:function:/;

export function indexFunctions(functions: readonly LambdaFunction[]): Functions {
  const byName = new Map(functions.map((lambda) => [lambda.name, lambda]));
  return {
    find(nameOrArn, qualifier) {
      const [name = '', inName] = nameOrArn.replace(ARN, '').split(':');
      const lambda = byName.get(name);
      if (lambda === undefined) return undefined;
      const wanted = qualifier ?? inName;
      return {
        lambda,
        qualifier: wanted ?? '$LATEST',
        arn: wanted === undefined ? lambda.arn : `${lambda.arn}:${wanted}`,
      };
    },
  };
}

/** Deploys the stack's functions. */
export function deployFunctions(
  { functions }: Pick<StackResources, 'functions'>,
  options: {
    readonly environment: Readonly<Record<string, string>>;
    readonly dataDirectory: string;
    readonly python: Python | undefined;
  },
): readonly LambdaFunction[] {
  const logDirectory = join(options.dataDirectory, LOG_DIRECTORY);
  const temporaryDirectory = join(options.dataDirectory, 'tmp');
  mkdirSync(logDirectory, { recursive: true });
  // Removes what the functions of a killed run have left in their /tmp.
  rmSync(temporaryDirectory, { recursive: true, force: true });
  return functions.map((resource) =>
    deployFunction(resource, {
      environment: options.environment,
      logDirectory,
      temporaryDirectory,
      python: options.python?.executable,
    }),
  );
}

/** The variables with which the AWS SDK in a function reaches the emulators. */
export function functionEnvironment(urls: {
  readonly tableUrl: string;
  readonly queueUrl: string;
  readonly gatewayUrl: string;
  readonly timeScale: number;
}): Record<string, string> {
  return {
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    // The settings in the developer's home directory are for real accounts.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: urls.gatewayUrl,
    // Large files bypass the gateway, which runs in the process of the local run.
    AWS_ENDPOINT_URL_DYNAMODB: urls.tableUrl,
    AWS_ENDPOINT_URL_S3: urls.queueUrl,
    AWS_ENDPOINT_URL_SQS: urls.queueUrl,
    AWS_ENDPOINT_URL_EVENTBRIDGE: urls.gatewayUrl,
    AWS_ENDPOINT_URL_LAMBDA: urls.gatewayUrl,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: urls.gatewayUrl,
    [ENVIRONMENT.timeScale]: String(urls.timeScale),
  };
}
