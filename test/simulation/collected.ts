import { uploadKey } from '../../shared/batch/ids.ts';
import { dueAtOf } from '../../shared/collector/lane.ts';
import type { MemoryBucket } from '../../simulators/memory/bucket.ts';
import type { Collecting } from './collecting.ts';
import type { ReportBroken } from './verdict.ts';
import type { Table } from './world/table.ts';

const REPEATED = 'custom_id_exists';

interface CollectedWorld {
  readonly table: Table;
  readonly bucket: MemoryBucket;
}

/** The batch that gathered requests became, if it is one: ids of its requests. */
export function collectedIds(
  { bucket }: Pick<CollectedWorld, 'bucket'>,
  batchId: string,
): string[] | undefined {
  if (!batchId.startsWith('collected-')) return undefined;
  return linesOf(bucket.text(uploadKey(batchId))).map((line) => JSON.parse(line).custom_id);
}

/**
 * Whether every request that was sent is in one batch, once, or was put aside: with a reason, or by
 * the queue itself, which gave its message up.
 */
export function checkCollected(
  { table, bucket }: CollectedWorld,
  { lanes, queue, refused, sent }: Collecting,
  breaks: ReportBroken,
): void {
  for (const lane of lanes.all().filter((each) => dueAtOf(each) !== undefined))
    breaks('lost', `lane ${lane.laneId} has windows without a batch`);

  const batches = [...table.all(), ...table.removed.values()].filter(({ batchId, part }) => {
    return part === undefined && batchId.startsWith('collected-');
  });
  const places = batches.flatMap(({ batchId }) =>
    linesOf(bucket.text(uploadKey(batchId))).map((line) => ({ batchId, name: nameOf(line), line })),
  );
  const known = new Set(sent.map(contentOf));
  for (const { batchId, line } of places)
    if (!known.has(contentOf(line))) breaks('unexpected', `${line} in ${batchId} was never sent`);
  for (const [name, all] of Map.groupBy(places, (place) => place.name))
    if (all.length > 1)
      breaks('duplicated', `${name} is in ${all.map(({ batchId }) => batchId).join(' and ')}`);

  for (const body of sent) {
    const content = contentOf(body);
    const place = places.find(({ name }) => name === nameOf(body));
    const reasons = refused.filter((each) => contentOf(each.body) === content);
    const isRun = place !== undefined && contentOf(place.line) === content;
    if (isRun) {
      if (reasons.length > 0) breaks('unexpected', `${body} is run and refused`);
      continue;
    }
    const isDead = queue.deadLetters.some((message) => message.body === body);
    if (reasons.length === 0 && !isDead) breaks('lost', `${body} is in no batch`);
    for (const { reason } of reasons)
      if (reason.startsWith(REPEATED) && !reason.includes(String(place?.batchId)))
        breaks('violation', `${body}: ${reason}`);
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter(Boolean);
}

function nameOf(body: string): string {
  return parsed(body)?.custom_id ?? body;
}

/** What a message says, whatever form it has. */
function contentOf(body: string): string {
  const { custom_id: customId, url, body: said } = parsed(body) ?? {};
  return customId === undefined ? body : JSON.stringify([customId, url, said]);
}

function parsed(body: string): { custom_id?: string; url?: string; body?: object } | undefined {
  return body.startsWith('{') ? JSON.parse(body) : undefined;
}
