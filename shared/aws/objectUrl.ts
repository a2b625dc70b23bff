import type { ObjectRef } from '../batch/ports.ts';

export function urlOf({ bucket, key }: ObjectRef): string {
  return `s3://${bucket}/${key}`;
}
