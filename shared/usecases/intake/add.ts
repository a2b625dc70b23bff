import type { Batch, Source } from '../../batch/batch.ts';
import { newBatch } from '../../batch/creation.ts';
import { refusal } from '../../batch/errors.ts';
import { newKeyPrefix } from '../../batch/identifiers.ts';
import type { AddMessage } from '../../batch/messages.ts';
import { METRICS } from '../../metrics.ts';
import { about } from '../about.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../perform.ts';
import { checkProviders } from './checkProviders.ts';
import { sourceOf } from './source.ts';

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
  await about({ batchId, attempt: 0 }, () =>
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

function isSameInput(a: Batch, b: Batch): boolean {
  return a.source.etag === b.source.etag && a.provider === b.provider;
}

function nameOf({ bucket, key }: Source): string {
  return `s3://${bucket}/${key}`;
}
