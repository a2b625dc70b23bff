import * as z from 'zod';
import { listPages } from '../../google/listPages.ts';
import type { Rest } from '../../google/rest.ts';
import { resumedDownload } from '../../resumedDownload.ts';
import { classify } from '../classify.ts';

/** A stored object. */
export interface Place {
  readonly bucket: string;
  readonly name: string;
}

/** One that is not there answers 404; its answers always name their kind. */
const objectSchema = z.object({
  name: z.string(),
  timeCreated: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
});
type StoredObject = z.infer<typeof objectSchema>;
const metadataSchema = objectSchema.extend({ kind: z.literal('storage#object') });
const listSchema = z.object({
  // Always there: an answer without it is none of Cloud Storage.
  kind: z.literal('storage#objects'),
  items: z.array(objectSchema).default([]),
  nextPageToken: z.string().optional(),
});

const NOT_FOUND = 404;

/** https://docs.cloud.google.com/storage/docs/json_api/v1/objects */
export interface Objects {
  /** Undefined for one that is not there. */
  head(place: Place): Promise<StoredObject | undefined>;
  list(bucket: string, prefix: string): Promise<StoredObject[]>;
  /** One that is not there needs no deleting. */
  delete(place: Place): Promise<void>;
  /** Its bytes, each once and in order, however often the connection breaks. */
  download(place: Place): AsyncGenerator<Uint8Array>;
}

export function connectObjects(rest: Rest, host: string): Objects {
  const bucketUrl = (bucket: string) => `${host}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const urlOf = ({ bucket, name }: Place) => `${bucketUrl(bucket)}/${encodeURIComponent(name)}`;

  return {
    async head(place) {
      const response = await rest.open({
        method: 'GET',
        url: urlOf(place),
        expected: [NOT_FOUND],
      });
      return response.status === NOT_FOUND
        ? undefined
        : metadataSchema.parse(await response.json());
    },

    async list(bucket, prefix) {
      const objects: StoredObject[] = [];
      const pages = listPages('Vertex AI, read', async (pageToken) => {
        const query = new URLSearchParams({ prefix, ...(pageToken ? { pageToken } : {}) });
        const url = `${bucketUrl(bucket)}?${query}`;
        return listSchema.parse(await rest.read({ method: 'GET', url }));
      });
      for await (const { items } of pages) objects.push(...items);
      return objects;
    },

    async delete(place) {
      await rest.done({ method: 'DELETE', url: urlOf(place), expected: [NOT_FOUND] });
    },

    download: (place) =>
      resumedDownload({
        async open(signal, from) {
          const range = from > 0 ? { range: `bytes=${from}-` } : {};
          try {
            return await rest.open(
              {
                method: 'GET',
                url: `${urlOf(place)}?alt=media`,
                headers: { 'accept-encoding': 'identity', ...range },
              },
              signal,
            );
          } catch (error) {
            throw classify(error, 'read');
          }
        },
        classify: (error) => classify(error, 'read'),
      }),
  };
}
