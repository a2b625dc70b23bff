import * as z from 'zod';
import { lineGroups } from '../../jsonl/lines.ts';
import { listPages, type Rest } from '../google/rest.ts';
import { parseRow, resumedDownload } from '../http.ts';
import { classify, folderOf, inputObject, outputFolder } from './api.ts';
import { resumableUpload } from './resumableUpload.ts';
import type { Store } from './store.ts';

/** Nothing else of a job's folder holds rows. */
const ROWS = /\.jsonl$|prediction\.results-/;
/** What a job writes while it runs: all of it is in the others, once they exist. */
const INTERIM = /\/incremental_[^/]*$/;

/**
 * What jobs wrote under a prefix, as gs:// URIs. The prefix that was asked for is looked at, not
 * the directory that the job names: a job that was ended may have output without naming one.
 */
export async function gcsFiles(objects: Objects, outputUriPrefix: string): Promise<string[]> {
  const { bucket, name: prefix } = placeOf(outputUriPrefix);
  const found = await objects.list(bucket, prefix);
  const names = found.map(({ name }) => name).filter((name) => ROWS.test(name));
  const whole = names.filter((name) => !INTERIM.test(name));
  return (whole.length > 0 ? whole : names).map((name) => `gs://${bucket}/${name}`);
}

/** The rows of an object, a group at a time. */
export async function* gcsRows(objects: Objects, uri: string): AsyncGenerator<object[]> {
  for await (const group of lineGroups(objects.download(placeOf(uri))))
    yield group.map(({ bytes }) => parseRow(bytes));
}

/** Deletes everything of a submission that is in the bucket of this URI. */
export async function deleteGcsFolder(objects: Objects, uri: string, key: string): Promise<void> {
  const { bucket } = placeOf(uri);
  for (const { name } of await objects.list(bucket, folderOf(key)))
    await objects.delete({ bucket, name });
}

function placeOf(uri: string): Place {
  const [, bucket, name] = /^gs:\/\/([^/]+)\/(.*)$/s.exec(uri) ?? [];
  if (bucket === undefined || name === undefined) throw new Error(`${uri} is no gs:// URI`);
  return { bucket, name };
}

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
