import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { PACKAGE_ROOT } from '../../shared/package.ts';
import { UsageError } from '../commandLine.ts';
import { scriptPath } from '../scriptPath.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../template/account.ts';
import { type ServiceProcess, startService } from './serviceProcess.ts';

/** The emulators of DynamoDB, and of SQS and S3. */
export interface Emulators {
  /** The endpoint of DynamoDB. */
  readonly tableUrl: string;
  /** The endpoint of SQS and S3. */
  readonly queueUrl: string;
  readonly processes: readonly ServiceProcess[];
}

const readySchema = z.object({ port: z.number() });

/**
 * Starts the emulators on free ports, with the data that an earlier run left in the directory.
 *
 * @throws Error with DirectoryInUseError's message if another run uses the directory
 */
export async function startEmulators(dataDirectory: string): Promise<Emulators> {
  const start = (name: string, script: string, part: string) =>
    startService(
      name,
      scriptPath('local', 'emulators', script),
      { directory: join(dataDirectory, part) },
      join(dataDirectory, 'logs', `${part}.log`),
    );
  const results = await Promise.allSettled([
    start('the DynamoDB emulator', 'tableProcess', 'dynamodb'),
    start('the SQS and S3 emulator', 'queueProcess', 'sqs-s3'),
  ]);
  const processes = results.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const [tables, queues] = processes;
  if (tables === undefined || queues === undefined) {
    await Promise.all(processes.map((process) => process.stop()));
    throw results.find((result) => result.status === 'rejected')?.reason;
  }
  const urlOf = ({ ready }: ServiceProcess) => `http://127.0.0.1:${readySchema.parse(ready).port}`;
  return { tableUrl: urlOf(tables), queueUrl: urlOf(queues), processes };
}

const EMULATORS = ['dynalite', 'fauxqs'] as const;

/**
 * Checks that the emulators are installed. They are optional dependencies of the package, because a
 * deployment does not need them.
 *
 * @throws UsageError with the command that installs them
 */
export function checkEmulators(isInstalled: (name: string) => boolean = canResolve): void {
  if (EMULATORS.every(isInstalled)) return;
  const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
  const wanted = EMULATORS.map((name) => `${name}@${peerDependencies[name]}`).join(' ');
  throw new UsageError(`a local run needs its emulators: npm install --save-dev ${wanted}`);
}

function canResolve(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The SDK clients of the local run. */
export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/** Clients that reach only the emulators, whatever the AWS settings of the shell are. */
export function createClients(urls: { tableUrl: string; queueUrl: string }): Clients {
  const settings = (endpoint: string) => ({
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    // Longer than SQS's longest poll, which takes 20 s.
    requestHandler: { requestTimeout: 60_000, throwOnRequestTimeout: true },
  });
  return {
    dynamodb: new DynamoDBClient(settings(urls.tableUrl)),
    s3: new S3Client({ ...settings(urls.queueUrl), forcePathStyle: true }),
    sqs: new SQSClient(settings(urls.queueUrl)),
  };
}
