import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { lineGroups } from '../../jsonl/lines.ts';
import { referenceOf } from '../translation/reference.ts';
import type { Route } from './route.ts';
import type { InputFile } from './store.ts';

const BUFFER_CHARACTERS = 256 * 1024;

/** Writes the translated requests to a file: memory holds a few lines, whatever its size. */
export async function writeInput(path: string, source: string, route: Route): Promise<InputFile> {
  await using target = await open(path, 'w');
  let pending = '';
  for await (const group of lineGroups(createReadStream(source)))
    for (const { bytes } of group) {
      const { custom_id: customId, body } = parseLine(bytes);
      pending += `${JSON.stringify(route.line(body, referenceOf(customId)))}\n`;
      if (pending.length < BUFFER_CHARACTERS) continue;
      await target.writeFile(pending);
      pending = '';
    }
  await target.writeFile(pending);
  return { path, bytes: (await stat(path)).size };
}

interface Request {
  readonly custom_id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function parseLine(bytes: Buffer): Request {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // The parser's own message would quote the request. It was parsed when it was inspected.
    throw new Error('a line of the scratch file is not JSON');
  }
}
