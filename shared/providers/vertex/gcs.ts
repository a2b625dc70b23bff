import * as z from 'zod';
import { lineGroups } from '../../jsonl/lines.ts';
import { downloadHeaders, resumedDownload } from '../download.ts';
import { NOT_FOUND } from '../google/errors.ts';
import type { Rest } from '../google/rest.ts';
import { timestamp } from '../http.ts';
import { listPages } from '../listing.ts';
import { folderOf, inputObject, outputFolder } from './api.ts';
import { classify } from './errors.ts';
import { resumableUpload, type Store } from './store.ts';

/** Files with rows. A job's folder contains no others. */
const ROW_FILES = /\.jsonl$|prediction\.results-/;
/** Files that a job writes while it runs. The other files contain all of their rows, once they exist. */
const INTERIM_FILES = /\/incremental_[^/]*$/;

/**
 * The gs:// URIs of what jobs wrote under a prefix. The prefix of the request is listed, not the
 * directory that the job names: a job that was cancelled may have output without naming one.
 */
export async function gcsFiles(objects: Objects, outputUriPrefix: string): Promise<string[]> {
  const { bucket, name: prefix } = objectOf(outputUriPrefix);
  const found = await objects.list(bucket, prefix);
  const names = found.map(({ name }) => name).filter((name) => ROW_FILES.test(name));
  const whole = names.filter((name) => !INTERIM_FILES.test(name));
  return (whole.length > 0 ? whole : names).map((name) => `gs://${bucket}/${name}`);
}

/** The lines of an object, a group at a time. */
export async function* gcsLines(objects: Objects, uri: string): AsyncGenerator<Uint8Array[]> {
  for await (const group of lineGroups(objects.download(objectOf(uri))))
    yield group.map(({ bytes }) => bytes);
}

/** Deletes everything of a submission that is in the bucket of this URI. */
export async function deleteGcsFolder(objects: Objects, uri: string, key: string): Promise<void> {
  const { bucket } = objectOf(uri);
  for (const { name } of await objects.list(bucket, folderOf(key)))
    await objects.delete({ bucket, name });
}

function objectOf(uri: string): ObjectName {
  const [, bucket, name] = /^gs:\/\/([^/]+)\/(.*)$/s.exec(uri) ?? [];
  if (bucket === undefined || name === undefined) throw new Error(`${uri} is no gs:// URI`);
  return { bucket, name };
}

/** The name of a stored object. */
interface ObjectName {
  readonly bucket: string;
  readonly name: string;
}

const objectSchema = z.object({ name: z.string(), timeCreated: timestamp });
type StoredObject = z.infer<typeof objectSchema>;
/** Cloud Storage's answers always name their kind. */
const metadataSchema = objectSchema.extend({ kind: z.literal('storage#object') });
const objectListSchema = z.object({
  kind: z.literal('storage#objects'),
  items: z.array(objectSchema).default([]),
  nextPageToken: z.string().optional(),
});

/** https://docs.cloud.google.com/storage/docs/json_api/v1/objects */
export interface Objects {
  /** Undefined for an object that does not exist. */
  head(name: ObjectName): Promise<StoredObject | undefined>;
  list(bucket: string, prefix: string): Promise<StoredObject[]>;
  /** An object that does not exist counts as deleted. */
  delete(name: ObjectName): Promise<void>;
  /** The object's bytes, each once and in order, however often the connection breaks. */
  download(name: ObjectName): AsyncGenerator<Uint8Array>;
}

export function connectObjects(rest: Rest, host: string): Objects {
  const bucketUrl = (bucket: string) => `${host}/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const urlOf = ({ bucket, name }: ObjectName) =>
    `${bucketUrl(bucket)}/${encodeURIComponent(name)}`;

  return {
    async head(name) {
      const response = await rest.open({
        method: 'GET',
        url: urlOf(name),
        expected: [NOT_FOUND],
      });
      return response.status === NOT_FOUND
        ? undefined
        : metadataSchema.parse(await response.json());
    },

    async list(bucket, prefix) {
      const objects: StoredObject[] = [];
      const readPage = async (pageToken: string | undefined) => {
        const query = new URLSearchParams({ prefix });
        if (pageToken) query.set('pageToken', pageToken);
        const url = `${bucketUrl(bucket)}?${query}`;
        return objectListSchema.parse(await rest.read({ method: 'GET', url }));
      };
      const pages = listPages(
        'Vertex AI, read',
        readPage,
        (page) => page.nextPageToken || undefined,
      );
      for await (const { items } of pages) objects.push(...items);
      return objects;
    },

    async delete(name) {
      await rest.done({ method: 'DELETE', url: urlOf(name), expected: [NOT_FOUND] });
    },

    download: (name) =>
      resumedDownload({
        async open(signal, from) {
          try {
            return await rest.open(
              {
                method: 'GET',
                url: `${urlOf(name)}?alt=media`,
                headers: downloadHeaders(from),
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

/** Jobs on a bucket of Cloud Storage. */
export function gcsStore(rest: Rest, host: string, objects: Objects, bucket: string): Store {
  return {
    type: 'gcs',

    async upload(key, file) {
      // Replaces an object of the same name once the upload is complete.
      const query = new URLSearchParams({ uploadType: 'resumable', name: inputObject(key) });
      const url = `${host}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?${query}`;
      await resumableUpload(rest, { method: 'POST', url }, file);
    },

    // Each job writes to a new folder.
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
      const input = { bucket, name: inputObject(key) };
      const object = await objects.head(input);
      if (object !== undefined && object.timeCreated >= since) await objects.delete(input);
    },
  };
}
