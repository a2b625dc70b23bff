import { refusal } from '../../batch/errors.ts';
import { INBOX_PREFIX, newKeyPrefix, objectKey, uploadKey } from '../../batch/ids.ts';
import { type AddMessage, parseS3Url } from '../../batch/messages.ts';
import { newBatch } from '../../batch/newRecord.ts';
import type { Batch, Source } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import type { DescribedProviders } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../effects.ts';
import { withBatchContext } from '../logContext.ts';
import { writeWhole } from '../smallObjects.ts';

/**
 * Accepts a batch: writes its record and sends its inspection. Adding it again does nothing.
 *
 * @param found the object that holds the requests, where it is not the message that says so
 */
export async function add(
  dependencies: Dependencies,
  message: AddMessage,
  messageId: string,
  found?: Source,
): Promise<void> {
  const batchId = message.batchId ?? `m-${messageId}`;
  await withBatchContext({ batchId, attempt: 0 }, () =>
    addBatch(dependencies, message, { batchId, messageId, found }),
  );
}

async function addBatch(
  dependencies: Dependencies,
  message: AddMessage,
  given: { batchId: string; messageId: string; found: Source | undefined },
): Promise<void> {
  const { batchId, messageId, found } = given;
  const { batches, chance, clock, policy, metrics, log } = dependencies;
  const names = await checkProviders(dependencies.providers, message);
  const [provider] = names;
  const source = found ?? (await sourceOf(dependencies, message, batchId, messageId));
  const keyPrefix = newKeyPrefix((max) => chance.randomInt(max));
  const batch = newBatch(
    message,
    { batchId, providers: names, source, keyPrefix },
    policy,
    clock.now(),
  );
  if ((await batches.create(batch)) === 'exists') {
    const existing = await batches.get(batchId);
    if (existing && isSameInput(existing, batch))
      return log.info('added before', { attempt: existing.attempt });
    throw refusal(
      'batch_exists',
      `batch ${batchId} exists with another input: choose a new batchId for ${nameOf(source)}`,
    );
  }
  metrics.count(METRICS.accepted, 1, provider);
  log.info('batch accepted', { provider });
  await perform(dependencies, batch, [{ type: 'sendWork', work: 'inspect' }]);
}

function isSameInput({ spec: a }: Batch, { spec: b }: Batch): boolean {
  return a.source.etag === b.source.etag && a.providers[0] === b.providers[0];
}

function nameOf({ bucket, key }: Source): string {
  return `s3://${bucket}/${key}`;
}

/**
 * Refuses now what no provider of the deployment could take, before a record is made.
 *
 * @returns the entries that the batch may go to
 */
export async function checkProviders(
  providers: DescribedProviders,
  message: Pick<AddMessage, 'provider' | 'providers' | 'endpoint' | 'options'>,
): Promise<[string, ...string[]]> {
  if (message.provider !== undefined && message.providers !== undefined)
    throw refusal('invalid_message', 'give either "provider" or "providers", not both');
  const names = message.providers ?? [message.provider ?? providers.names[0] ?? ''];
  for (const name of new Set(names)) await checkProvider(providers, name, message);
  // The schema sees to it that there is one.
  return [...new Set(names)] as [string, ...string[]];
}

async function checkProvider(
  providers: DescribedProviders,
  name: string,
  { endpoint, options }: Pick<AddMessage, 'endpoint' | 'options'>,
): Promise<void> {
  const { endpoints, checkOptions } = await providers.describe(name);
  checkOptions(options);
  if (endpoint === undefined || endpoints.includes(endpoint)) return;
  const allowed = endpoints.join(', ');
  const text = `endpoint ${endpoint} is not one of provider ${name}: use one of ${allowed}`;
  throw refusal('unsupported_endpoint', text);
}

/** The object that holds the batch's requests, as it is now. */
export async function sourceOf(
  { objects }: Pick<Dependencies, 'objects'>,
  { file, requests }: AddMessage,
  batchId: string,
  messageId: string,
): Promise<Source> {
  if (file !== undefined && requests !== undefined) {
    throw refusal('invalid_message', 'give either "file" or "requests", not both');
  }
  if (requests) {
    // Each delivery writes the same bytes to the same key: repeating it changes nothing.
    const key = objectKey(batchId, messageId, 'requests.jsonl');
    const lines = requests.map((line) => `${JSON.stringify(line)}\n`).join('');
    return { bucket: objects.bucket, key, etag: await writeWhole(objects, key, lines) };
  }
  const object = file ? parseS3Url(file) : { bucket: objects.bucket, key: uploadKey(batchId) };
  const url = `s3://${object.bucket}/${object.key}`;
  if (object.bucket === objects.bucket && object.key.startsWith(INBOX_PREFIX)) {
    const text = `${url} is in the inbox, whose files no message names: use uploads/`;
    throw refusal('source_not_readable', text);
  }
  const head = await objects.head(object);
  if (head) return { ...object, etag: head.etag };
  throw refusal('no_such_file', `there is no object ${url}: upload the file, then send this again`);
}
