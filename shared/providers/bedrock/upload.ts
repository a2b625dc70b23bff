import { createReadStream } from 'node:fs';
import { ProviderError } from '../../batch/errors.ts';
import type { ObjectStore, ObjectWriter } from '../../batch/ports.ts';
import { lines } from '../../jsonl/lines.ts';
import type { Submission } from '../provider.ts';
import { referenceOf } from '../translation/reference.ts';
import { classify } from './classify.ts';
import { MIN_RECORDS, paddingId, paddingInput } from './padding.ts';
import { inputKey } from './paths.ts';
import type { Route } from './route.ts';

type Input = Readonly<Record<string, unknown>>;

/**
 * Writes the requests into the handler's bucket as the records of a job, padded to the number that
 * Bedrock demands: https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html
 * Memory holds one request and the parts of the object that are on their way.
 */
export async function upload(
  objects: ObjectStore,
  { key, file }: Pick<Submission, 'key' | 'file'>,
  route: Route,
): Promise<void> {
  const writer = objects.writer(inputKey(key));
  try {
    const { count, smallest } = await writeRequests(writer, file.path, route);
    if (smallest !== undefined) {
      const padding = paddingInput(route, smallest);
      for (let number = count + 1; number <= MIN_RECORDS; number++)
        await writer.write(recordOf(paddingId(key, number), padding));
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw classify(error, 'upload');
  }
}

async function writeRequests(writer: ObjectWriter, path: string, route: Route) {
  let count = 0;
  let smallest: { readonly input: Input; readonly bytes: number } | undefined;
  for await (const { bytes } of lines(createReadStream(path))) {
    const { custom_id: customId, body } = parseLine(bytes);
    const input = route.modelInput(body);
    const record = recordOf(referenceOf(customId), input);
    await writer.write(record);
    count += 1;
    if (record.length < (smallest?.bytes ?? Number.POSITIVE_INFINITY))
      smallest = { input, bytes: record.length };
  }
  return { count, smallest: smallest?.input };
}

interface Request {
  readonly custom_id: string;
  readonly body: Input;
}

function parseLine(bytes: Buffer): Request {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    // The parser's own message would quote the request. It was parsed when it was inspected.
    const message = 'Bedrock, upload: a line of the scratch file is not JSON';
    throw new ProviderError('transient', { code: 'scratch_file_broken', message });
  }
}

function recordOf(recordId: string, modelInput: Input): Buffer {
  return Buffer.from(`${JSON.stringify({ recordId, modelInput })}\n`);
}
