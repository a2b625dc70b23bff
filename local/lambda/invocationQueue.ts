import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An asynchronous invocation that has been accepted and not yet ended. */
export interface PendingInvocation {
  readonly requestId: string;
  readonly functionName: string;
  readonly qualifier: string;
  /** JSON. */
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  /** Times the function has been run for it. */
  readonly attempts: number;
}

/** The accepted invocations, one file each, so that a run that was killed goes on with them. */
export interface InvocationQueue {
  /** Writes it, or its new state, before it returns. */
  save(invocation: PendingInvocation): void;
  remove(requestId: string): void;
  /** What an earlier run left, oldest first. */
  list(): readonly PendingInvocation[];
}

export function openInvocationQueue(directory: string): InvocationQueue {
  mkdirSync(directory, { recursive: true });
  const pathOf = (requestId: string): string => join(directory, `${requestId}.json`);
  return {
    save(invocation) {
      const path = pathOf(invocation.requestId);
      // Beside and then over: a kill in between leaves the old state, never half of the new.
      writeFileSync(`${path}.new`, JSON.stringify(invocation));
      renameSync(`${path}.new`, path);
    },
    remove: (requestId) => rmSync(pathOf(requestId), { force: true }),
    list: () =>
      readdirSync(directory)
        .filter((file) => file.endsWith('.json'))
        .map((file): PendingInvocation => JSON.parse(readFileSync(join(directory, file), 'utf8')))
        .sort((a, b) => a.acceptedAt - b.acceptedAt),
  };
}
