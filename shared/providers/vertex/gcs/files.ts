import { lineGroups } from '../../../jsonl/lines.ts';
import { parseRow } from '../../jsonRow.ts';
import { folderOf } from '../names.ts';
import type { Objects, Place } from './objects.ts';

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
