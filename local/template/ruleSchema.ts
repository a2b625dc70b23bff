import * as z from 'zod';
import { inputSchema } from '../events/input.ts';
import { compilePattern, type Matches } from '../events/pattern.ts';

/** A pattern that is read already: what it holds that is not supported is the rule's error. */
const pattern = z.unknown().transform((given, context): Matches => {
  try {
    return compilePattern(given);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : '' });
    return z.NEVER;
  }
});

const target = inputSchema.extend({
  Id: z.string(),
  Arn: z
    .string()
    .regex(/^arn:[^:]+:(sqs|lambda):/, 'only SQS queues and functions are supported as targets'),
});
export type RuleTarget = z.infer<typeof target>;

/** Of a target that does not take an event a local run says so; it retries nothing. */
export const rule = z
  .object({
    EventBusName: z.string().default('default'),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    ScheduleExpression: z
      .undefined({ error: 'only the schedules of EventBridge Scheduler are supported' })
      .optional(),
    EventPattern: pattern,
    Targets: z.array(target).default([]),
  })
  .transform((properties) => ({
    busName: busNameOf(properties.EventBusName),
    enabled: properties.State === 'ENABLED',
    matches: properties.EventPattern,
    targets: properties.Targets,
  }));
export type RuleProperties = z.infer<typeof rule>;

/** A bus is named by its name or its ARN, whose last part that is. */
export function busNameOf(nameOrArn: string): string {
  return nameOrArn.replace(/^arn:[^/]+\//, '');
}
