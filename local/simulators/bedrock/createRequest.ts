import * as z from 'zod';
import { invalid } from './errors.ts';

const uri = z.string().regex(/^s3:\/\/[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](\/.*)?$/);

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html */
const createSchema = z.object({
  jobName: z.string().regex(/^[a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9+\-.]){0,63}$/),
  clientRequestToken: z
    .string()
    .max(256)
    .regex(/^[a-zA-Z0-9]{1,256}(-*[a-zA-Z0-9]){0,256}$/)
    .optional(),
  modelId: z.string().min(1).max(2048),
  roleArn: z.string().regex(/^arn:aws(-[^:]+)?:iam::([0-9]{12})?:role\/.+$/),
  modelInvocationType: z.enum(['InvokeModel', 'Converse']).default('InvokeModel'),
  inputDataConfig: z.object({
    s3InputDataConfig: z.object({ s3InputFormat: z.literal('JSONL').optional(), s3Uri: uri }),
  }),
  outputDataConfig: z.object({ s3OutputDataConfig: z.object({ s3Uri: uri }) }),
  timeoutDurationInHours: z.number().int().min(24).max(168).optional(),
});
export type CreateRequest = z.output<typeof createSchema>;

/** @throws ServiceError naming the first wrong member */
export function parseCreateRequest(body: unknown): CreateRequest {
  const parsed = createSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`1 validation error detected at '${issue?.path.join('.')}': ${issue?.message}`);
}
