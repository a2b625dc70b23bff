import { notBeforeProblem } from '../../batch/bounds.ts';
import { refusal } from '../../batch/errors.ts';
import {
  INBOX_PREFIX,
  messageBatchId,
  newKeyPrefix,
  objectKey,
  ownKeyOf,
  ownObject,
  uploadKey,
} from '../../batch/ids.ts';
import { USUAL_WINDOW } from '../../batch/job.ts';
import { type AddMessage, parseS3Url } from '../../batch/messages.ts';
import { newBatch } from '../../batch/newRecord.ts';
import { latestStartSeconds } from '../../batch/policy.ts';
import type { Batch } from '../../batch/record.ts';
import type { Source } from '../../batch/spec.ts';
import { withVersion } from '../../jsonl/checkRequest.ts';
import { METRICS } from '../../metrics.ts';
import type { DescribedProviders } from '../../providers/provider.ts';
import type { Dependencies } from '../dependencies.ts';
import { type EffectPorts, perform } from '../effects.ts';
import { attributed, logFields } from '../logFields.ts';
import { writeWhole } from '../smallObjects.ts';

export type AddPorts = EffectPorts &
  Pick<
    Dependencies,
    'batches' | 'objects' | 'providers' | 'chance' | 'clock' | 'policy' | 'log' | 'metrics'
  >;

/**
 * Adds a batch: creates its record and sends the work that inspects its input. Idempotent.
 *
 * @param found the object with the requests, if the message does not name it
 * @throws RefusedError for a message that can never succeed. Errors are attributed to the batch
 */
export async function add(
  ports: AddPorts,
  message: AddMessage,
  messageId: string,
  found?: Source,
): Promise<void> {
  const batchId = message.batchId ?? messageBatchId(messageId);
  try {
    await addBatch(ports, message, { batchId, messageId, found });
  } catch (error) {
    throw attributed(error, { batchId, attempt: 0 });
  }
}

async function addBatch(
  ports: AddPorts,
  message: AddMessage,
  given: {
    readonly batchId: string;
    readonly messageId: string;
    readonly found?: Source | undefined;
  },
): Promise<void> {
  const { batches, chance, clock, policy, metrics, log } = ports;
  const { batchId, messageId, found } = given;
  checkNotBefore(message, policy, clock.now());
  const names = await checkProviders(ports.providers, message);
  const [provider] = names;
  const source = found ?? (await sourceOf(ports, message, batchId, messageId));
  const keyPrefix = newKeyPrefix((max) => chance.randomInt(max));
  const prepared = { batchId, providers: names, source, keyPrefix };
  const batch = newBatch(message, prepared, policy, clock.now());
  if ((await batches.create(batch)) === 'exists') {
    const existing = await batches.get(batchId);
    if (existing && isSameInput(existing, batch))
      return log.info('batch was added before', logFields(existing));
    throw refusal(
      'batch_exists',
      `batch ${batchId} exists with another input: choose a new batchId for ${nameOf(source)}`,
    );
  }
  metrics.count(METRICS.accepted, 1, provider);
  log.info('batch accepted', { ...logFields(batch), provider });
  await perform(ports, batch, [{ type: 'sendWork', work: 'inspect' }]);
}

/** The files of a batch are deleted by their age, so it must also not begin too late for them. */
function checkNotBefore(
  { notBefore }: Pick<AddMessage, 'notBefore'>,
  policy: Dependencies['policy'],
  now: number,
): void {
  if (notBefore === undefined) return;
  const tooFar = notBeforeProblem(notBefore, now);
  if (tooFar !== undefined) throw refusal('invalid_message', `notBefore: ${tooFar}`);
  const latest = now + latestStartSeconds(policy) * 1000;
  if (Date.parse(notBefore) <= latest) return;
  const until = new Date(latest).toISOString();
  throw refusal(
    'invalid_message',
    `notBefore: ${notBefore} is later than ${until}, and the files of a batch would expire before its end: choose an earlier time, or a longer retention for the handler`,
  );
}

function isSameInput({ spec: a }: Batch, { spec: b }: Batch): boolean {
  const isSamePlace = a.providers[0] === b.providers[0] && a.tenant === b.tenant;
  return isSamePlace && a.source.etag === b.source.etag;
}

function nameOf({ bucket, key }: Source): string {
  return `s3://${bucket}/${key}`;
}

/**
 * Checks the message against the provider entries that it names, before a record is created.
 *
 * @returns the entries that the batch may go to
 * @throws RefusedError if one of them does not exist or does not accept the message
 */
export async function checkProviders(
  providers: DescribedProviders,
  message: Pick<AddMessage, 'provider' | 'providers' | keyof EntryDemands>,
): Promise<[string, ...string[]]> {
  if (message.provider !== undefined && message.providers !== undefined)
    throw refusal('invalid_message', 'give either "provider" or "providers", not both');
  const names = message.providers ?? [message.provider ?? providers.names[0] ?? ''];
  for (const name of new Set(names)) await checkProvider(providers, name, message);
  // The schema requires at least one.
  return [...new Set(names)] as [string, ...string[]];
}

/** What a message asks of each of its entries. */
type EntryDemands = Pick<AddMessage, 'endpoint' | 'options' | 'completionWindow'>;

async function checkProvider(
  providers: DescribedProviders,
  name: string,
  { endpoint, options, completionWindow = USUAL_WINDOW }: EntryDemands,
): Promise<void> {
  const { endpoints, checkOptions, takesWindow } = await providers.describe(name);
  checkOptions(options);
  if (completionWindow !== USUAL_WINDOW && !takesWindow) {
    const text = `completionWindow is ${completionWindow}: jobs of provider ${name} have no other than ${USUAL_WINDOW}, so leave it out`;
    throw refusal('option_refused', text);
  }
  if (endpoint === undefined || endpoints.includes(withVersion(endpoint))) return;
  const allowed = endpoints.join(', ');
  const text = `endpoint ${endpoint} is not one of provider ${name}: use one of ${allowed}`;
  throw refusal('unsupported_endpoint', text);
}

/** The object with the batch's requests, and its ETag at this moment. */
async function sourceOf(
  { objects }: Pick<Dependencies, 'objects'>,
  { file, requests }: AddMessage,
  batchId: string,
  messageId: string,
): Promise<Source> {
  if (file !== undefined && requests !== undefined) {
    throw refusal('invalid_message', 'give either "file" or "requests", not both');
  }
  if (requests) {
    // Idempotent: each delivery writes the same bytes to the same key.
    const key = objectKey(batchId, messageId, 'requests.jsonl');
    const lines = requests.map((line) => `${JSON.stringify(line)}\n`).join('');
    return { ...ownObject(objects, key), etag: await writeWhole(objects, key, lines) };
  }
  const object = file ? parseS3Url(file) : ownObject(objects, uploadKey(batchId));
  const url = `s3://${object.bucket}/${object.key}`;
  if (ownKeyOf(objects, object)?.startsWith(INBOX_PREFIX)) {
    const text = `${url} is in the inbox, whose files become batches by themselves: use ${objects.prefix ?? ''}uploads/`;
    throw refusal('source_not_readable', text);
  }
  const head = await objects.head(object);
  if (head) return { ...object, etag: head.etag };
  throw refusal('no_such_file', `there is no object ${url}: upload the file, then send this again`);
}
