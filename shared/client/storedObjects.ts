import type { ClientObjects } from '../batch/clientPorts.ts';
import { refusal } from '../batch/errors.ts';
import { ownKeyOf } from '../batch/ids.ts';
import { s3Url } from '../batch/messages.ts';
import type { ObjectStore } from '../batch/ports.ts';

/**
 * The objects of a handler, for a client, by the object store that the handler itself uses.
 *
 * @param locationOf where a person finds an object. Default: its `s3://` URL
 */
export function storedObjects(
  store: ObjectStore,
  locationOf: ClientObjects['locationOf'] = s3Url,
): ClientObjects {
  return {
    bucket: store.bucket,
    prefix: store.prefix,
    head: (object) => store.head(object),
    read(object, range) {
      const key = ownKeyOf(store, object);
      if (key !== undefined) return store.read(key, range);
      throw refusal(
        'bucket_not_allowed',
        `${s3Url(object)} is none of the handler's objects, the only ones that its object store streams`,
      );
    },
    locationOf,
    async upload(key, content, { onProgress, signal } = {}) {
      signal?.throwIfAborted();
      const writer = store.writer(key);
      let bytes = 0;
      try {
        for await (const chunk of content) {
          signal?.throwIfAborted();
          await writer.write(chunk);
          bytes += chunk.length;
          onProgress?.(bytes);
        }
        signal?.throwIfAborted();
        await writer.close();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
  };
}
