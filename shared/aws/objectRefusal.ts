import { RefusedError } from '../batch/errors.ts';
import type { ObjectRef } from '../batch/ports.ts';
import { shortReason } from '../batch/reason.ts';

export function refused(code: string, message: string): RefusedError {
  return new RefusedError(shortReason(code, message));
}

export function urlOf({ bucket, key }: ObjectRef): string {
  return `s3://${bucket}/${key}`;
}
