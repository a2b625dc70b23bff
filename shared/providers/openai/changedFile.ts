import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ProviderError } from '../../batch/errors.ts';
import { lineGroups } from '../../jsonl/lines.ts';
import type { LineChange, RequestLine } from './dialect.ts';

/** A file to be uploaded. */
export interface LocalFile {
  readonly path: string;
  /** Deletes what was made for the upload alone. */
  remove(): Promise<void>;
}

/**
 * Writes the lines beside the original as they are to be sent: an upload needs its length
 * beforehand, and may be repeated. Memory holds the lines of one chunk.
 */
export async function changedFile(original: string, change: LineChange): Promise<LocalFile> {
  const path = `${original}.changed`;
  const remove = () => rm(path, { force: true });
  // Opened here: a stream that opens it may do so after it has failed, and after the removal.
  const file = await open(path, 'w');
  try {
    const groups = lineGroups(createReadStream(original));
    await pipeline(changed(groups, change), file.createWriteStream());
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, remove };
}

async function* changed(
  groups: AsyncIterable<readonly { readonly bytes: Buffer }[]>,
  change: LineChange,
): AsyncGenerator<Buffer> {
  for await (const group of groups) {
    const parts = group.flatMap(({ bytes }) => [changedLine(bytes, change), LINE_END]);
    yield Buffer.concat(parts);
  }
}

const LINE_END = Buffer.from('\n');

/** A line that stays as it is keeps its bytes, and with them numbers beyond what JavaScript has. */
function changedLine(bytes: Buffer, change: LineChange): Buffer {
  const line = parse(bytes);
  const sent = change(line);
  return sent === line ? bytes : Buffer.from(JSON.stringify(sent));
}

function parse(bytes: Buffer): RequestLine {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // The parser's own message would quote the request. It was parsed when it was inspected.
    const message = 'OpenAI, upload: a line of the scratch file is not JSON';
    throw new ProviderError('transient', { code: 'scratch_file_broken', message });
  }
}
