import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { AwsAccess } from '../aws/clients/base.ts';
import { ClientError } from './clientError.ts';

/** The file in the directory of a local run that describes the running stack. */
export const LOCAL_STACK_FILE = 'stack.json';

/** Where a local run keeps the logs of the functions, in its directory. */
export const LOG_DIRECTORY = 'logs';

/** The description that a running local stack writes. */
export const localStackSchema = z.object({
  endpointUrl: z.url(),
  stackName: z.string(),
  /** Id of the process that runs it. */
  pid: z.number().int().positive(),
});
export type LocalStack = z.infer<typeof localStackSchema>;

/** Region and credentials for the AWS services of a local run, which check no signatures. */
export const LOCAL_REGION = 'us-east-1';
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * Finds the local stack that runs in a directory.
 *
 * @param directory the directory of `npm start -- --data`. Default `.local`
 * @returns the options for `createClient`
 * @throws ClientError `local_stack_not_running`
 */
export async function localStack(
  directory = '.local',
): Promise<AwsAccess & { stack: string; logDirectory: string }> {
  const text = await readFile(join(directory, LOCAL_STACK_FILE), 'utf8').catch(() => '{}');
  const parsed = localStackSchema.safeParse(JSON.parse(text));
  if (!parsed.success || !isRunning(parsed.data.pid))
    throw new ClientError(
      'local_stack_not_running',
      `no local stack runs in ${directory}: start one with npm start -- --keep, or name the directory of one that runs with --local DIRECTORY`,
    );
  const { endpointUrl: endpoint, stackName: stack } = parsed.data;
  const logDirectory = join(directory, LOG_DIRECTORY);
  return { stack, endpoint, logDirectory, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
}

/** Whether a process has this id. It may be a process of another user. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
