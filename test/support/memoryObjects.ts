import { createHash } from 'node:crypto';
import { RefusedError } from '../../shared/batch/errors.ts';
import type { ObjectStore } from '../../shared/batch/ports.ts';

/** The bucket in memory. */
export function memoryObjects(bucket = 'test-bucket'): ObjectStore & {
  readonly objects: Map<string, Buffer>;
} {
  const objects = new Map<string, Buffer>();
  const etagOf = (content: Buffer) => createHash('md5').update(content).digest('hex');
  const refuse = (message: string) => new RefusedError({ code: 'no_such_file', message });
  return {
    bucket,
    objects,
    async head(object) {
      if (object.bucket !== bucket) throw refuse(`bucket ${object.bucket} may not be read`);
      const content = objects.get(object.key);
      return content && { bytes: content.length, etag: etagOf(content) };
    },
    async copy(source, key) {
      const content = objects.get(source.key);
      if (!content || etagOf(content) !== source.etag) throw refuse(`${source.key} has changed`);
      objects.set(key, content);
    },
    async *read(key, range) {
      const content = objects.get(key);
      if (!content) throw new Error(`there is no object ${key}`);
      yield content.subarray(range?.start ?? 0, range?.end);
    },
    writer(key) {
      const chunks: Uint8Array[] = [];
      return {
        async write(chunk) {
          chunks.push(Buffer.from(chunk));
        },
        async close() {
          const content = Buffer.concat(chunks);
          objects.set(key, content);
          return { etag: etagOf(content) };
        },
        async abort() {},
      };
    },
  };
}
