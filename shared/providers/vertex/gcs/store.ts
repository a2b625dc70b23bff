import type { Rest } from '../../google/rest.ts';
import { inputObject, outputFolder } from '../names.ts';
import { resumableUpload } from '../resumableUpload.ts';
import type { Store } from '../store.ts';
import type { Objects } from './objects.ts';

/** A bucket of Cloud Storage. */
export function gcsStore(rest: Rest, host: string, objects: Objects, bucket: string): Store {
  return {
    type: 'gcs',

    async upload(key, file) {
      // An object of the same name is replaced, once the new one is whole.
      const query = new URLSearchParams({ uploadType: 'resumable', name: inputObject(key) });
      const url = `${host}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?${query}`;
      await resumableUpload(rest, { method: 'POST', url }, file);
    },

    // A job writes into a new folder of its own.
    checkOutput: async () => undefined,

    configOf: (key) => ({
      inputConfig: {
        instancesFormat: 'jsonl',
        gcsSource: { uris: [`gs://${bucket}/${inputObject(key)}`] },
      },
      outputConfig: {
        predictionsFormat: 'jsonl',
        gcsDestination: { outputUriPrefix: `gs://${bucket}/${outputFolder(key)}` },
      },
    }),

    async deleteInput(key, since) {
      const place = { bucket, name: inputObject(key) };
      const object = await objects.head(place);
      if (object !== undefined && object.timeCreated >= since) await objects.delete(place);
    },
  };
}
