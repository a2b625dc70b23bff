import { acceptWork, runWork } from '../shared/usecases/work/work.ts';
import { sqsHandler } from './sqsHandler.ts';

/** Moves the bytes of batches: inspects inputs, submits jobs and collects rows, one batch at a time. */
export const handler = sqsHandler(async (dependencies, { body, messageId }, deadline) => {
  const message = await acceptWork(dependencies, { body, messageId });
  if (message) await runWork(dependencies, message, deadline);
});
