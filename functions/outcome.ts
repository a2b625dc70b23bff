import { recordDeliveryOutcome } from '../shared/usecases/outcome.ts';
import { sqsHandler } from './sqsHandler.ts';

/** Records how the invocations of the processor ended. */
export const handler = sqsHandler((dependencies, { body }) =>
  recordDeliveryOutcome(dependencies, body),
);
