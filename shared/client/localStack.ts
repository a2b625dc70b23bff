import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { AwsAccess } from '../aws/clients/base.ts';
import { ClientError } from './connection.ts';

/** The file in the directory of a local run that says how the running stack is reached. */
export const LOCAL_STACK_FILE = 'stack.json';

/** What a running local stack says of itself. */
export const localStackSchema = z.object({
  endpointUrl: z.url(),
  stackName: z.string(),
  /** Of the process that runs it. */
  pid: z.number().int().positive(),
});
export type LocalStack = z.infer<typeof localStackSchema>;

/** What every AWS service of a local run is reached with: none checks a signature. */
export const LOCAL_REGION = 'us-east-1';
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/**
 * Finds the local stack that runs in a directory: the settings of a client that reaches it.
 *
 * @param directory that of `npm start -- --data`. Default `.local`
 * @throws ClientError if none runs there
 */
export async function localStack(directory = '.local'): Promise<AwsAccess & { stack: string }> {
  const text = await readFile(join(directory, LOCAL_STACK_FILE), 'utf8').catch(() => '{}');
  const parsed = localStackSchema.safeParse(JSON.parse(text));
  if (!parsed.success || !isRunning(parsed.data.pid))
    throw new ClientError(
      'local_stack_not_running',
      `no local stack runs in ${directory}: start one with npm start -- --keep`,
    );
  const { endpointUrl: endpoint, stackName: stack } = parsed.data;
  return { stack, endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
}

/** Whether there is a process with this id, be it somebody else's. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
