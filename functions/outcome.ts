import { recordDeliveryOutcome } from '../shared/usecases/outcome.ts';
import { type Compose, composition } from './compose.ts';
import { sqsHandler } from './sqsHandler.ts';

/** Records how the invocations of the processor ended. */
export function createOutcome(compose: Compose) {
  return sqsHandler(compose, (dependencies, { body }) => recordDeliveryOutcome(dependencies, body));
}

export const handler = createOutcome(composition());
