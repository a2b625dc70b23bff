import * as z from 'zod';

/** What a rule on a provider's events hands over: the job of one of these entries has ended. */
const hintSchema = z.strictObject({
  action: z.literal('check'),
  providers: z.array(z.string()).min(1),
  jobId: z.string().min(1),
});
type Hint = z.infer<typeof hintSchema>;

/**
 * @returns undefined for a tick of the schedule
 * @throws ZodError for a hint that holds anything else
 */
export function hintIn(event: unknown): Hint | undefined {
  const isHint = typeof event === 'object' && event !== null && 'action' in event;
  return isHint ? hintSchema.parse(event) : undefined;
}
