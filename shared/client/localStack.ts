import * as z from 'zod';

/** The file in the directory of a local run that says how the running stack is reached. */
export const LOCAL_STACK_FILE = 'stack.json';

/** What a running local stack says of itself. */
export const localStackSchema = z.object({
  endpointUrl: z.url(),
  stackName: z.string(),
  /** Of the process that runs it. */
  pid: z.number().int().positive(),
});
export type LocalStack = z.infer<typeof localStackSchema>;
