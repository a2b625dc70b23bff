import { recordDeliveryOutcome } from '../shared/usecases/outcome.ts';
import { sqsHandler } from './sqsHandler.ts';

/** Takes in how the invocations of the processor ended. */
export const handler = sqsHandler((dependencies, { body }) =>
  recordDeliveryOutcome(dependencies, body),
);
