import * as z from 'zod';
import type { InvocationResult } from '../lambda/protocol.ts';

const responseSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullable();

/**
 * Which messages of an invocation are done with. The others come back when they are visible
 * again. A report that makes no sense is a failure of all, as in Lambda.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function succeededIds(
  messageIds: readonly string[],
  result: InvocationResult,
  reportsPartialFailures: boolean,
): readonly string[] {
  if (result.functionError !== undefined) return [];
  if (!reportsPartialFailures) return messageIds;
  const response = responseSchema.safeParse(JSON.parse(result.payload));
  if (!response.success) return [];
  const failed = (response.data?.batchItemFailures ?? []).map((item) => item.itemIdentifier);
  if (failed.some((id) => !messageIds.includes(id))) return [];
  return messageIds.filter((id) => !failed.includes(id));
}
