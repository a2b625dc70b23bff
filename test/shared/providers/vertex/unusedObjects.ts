import type { ObjectStore } from '../../../../shared/batch/ports.ts';

function unused(): never {
  throw new Error("Vertex AI's jobs have stores of their own");
}

/** The handler's bucket, which this provider does not touch. */
export const unusedObjects: ObjectStore = {
  bucket: 'unused',
  head: unused,
  read: unused,
  writer: unused,
  copy: unused,
} as unknown as ObjectStore;
