import type * as z from 'zod';
import { type Service, serviceError } from './service.ts';

/** An error as SQS answers it. */
export class SqsError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export function invalid(message: string): SqsError {
  return new SqsError('InvalidParameterValue', message);
}

/** @throws SqsError naming every parameter that is missing or wrong */
export function parse<T>(schema: z.ZodType<T>, body: string): T {
  const parsed = schema.safeParse(JSON.parse(body));
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw invalid(issues.join('; '));
}

/** An operation of SQS's JSON protocol, from the body of its request to that of its answer. */
export function answering(operation: (body: string) => Promise<object>): Service {
  return async ({ body }) => {
    try {
      return { status: 200, body: await operation(body) };
    } catch (error) {
      if (error instanceof SqsError) return serviceError(400, error.name, error.message);
      throw error;
    }
  };
}
