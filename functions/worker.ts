import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { acceptWork, runWork } from '../shared/usecases/work/work.ts';
import { type Compose, composition } from './compose.ts';
import { sqsHandler } from './sqsHandler.ts';

/** Moves the bytes of batches: inspects inputs, submits jobs and collects rows, one batch at a time. */
export function createWorker(compose: Compose) {
  return sqsHandler(compose, receiveWork);
}

/** @param deadline when the function is killed, in milliseconds since 1970 */
export async function receiveWork(
  dependencies: Dependencies,
  { body, messageId }: { readonly body: string; readonly messageId: string },
  deadline: number,
): Promise<void> {
  const message = await acceptWork(dependencies, { body, messageId });
  if (message) await runWork(dependencies, message, deadline);
}

export const handler = createWorker(composition());
