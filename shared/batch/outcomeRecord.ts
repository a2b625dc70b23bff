import * as z from 'zod';
import { processorEventSchema } from './processorEvent.ts';

/**
 * What Lambda sends to a destination after an asynchronous invocation, as far as it is used.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export const outcomeRecordSchema = z.object({
  requestContext: z.object({
    condition: z.enum(['Success', 'RetriesExhausted', 'EventAgeExceeded']),
  }),
  requestPayload: processorEventSchema.pick({
    batchId: true,
    deliveryId: true,
    deliveryAttempt: true,
  }),
  // Whatever the function returned or threw: only an error's message is of interest.
  responsePayload: z.object({ errorMessage: z.string().optional() }).nullish().catch(undefined),
});
export type OutcomeRecord = z.infer<typeof outcomeRecordSchema>;
