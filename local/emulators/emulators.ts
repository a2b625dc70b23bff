import { join } from 'node:path';
import * as z from 'zod';
import { scriptPath } from '../scriptPath.ts';
import { type ServiceProcess, startService } from './serviceProcess.ts';

/** The emulators of the stack's data: DynamoDB, and SQS with S3. */
export interface Emulators {
  /** Base URL of DynamoDB. */
  readonly tableUrl: string;
  /** Base URL of SQS and S3. */
  readonly queueUrl: string;
  readonly processes: readonly ServiceProcess[];
}

const readySchema = z.object({ port: z.number() });

/**
 * Starts the emulators on free ports, with what an earlier run left in the directory.
 *
 * @throws DirectoryInUseError's message if another run has the directory
 */
export async function startEmulators(dataDirectory: string): Promise<Emulators> {
  const start = (name: string, script: string, part: string) =>
    startService(
      name,
      scriptPath('emulators', script),
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
