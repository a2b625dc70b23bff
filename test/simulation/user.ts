import type { MemoryBucket } from '../../simulators/memory/bucket.ts';
import type { Life } from './lives.ts';
import { DAY, HOUR, MINUTE, type Schedule } from './schedule.ts';
import { HUNG_ENTRY } from './world/hungProvider.ts';
import type { Queue } from './world/queue.ts';

interface UserWorld {
  readonly bucket: MemoryBucket;
  readonly queue: Queue;
  /** Called with each batch as its file is uploaded. */
  onAdded(batchId: string, customIds: readonly string[]): void;
  /** Called as a command is sent that may make another delivery. */
  onCommand(batchId: string): void;
}

/** A user adds some batches, and sends commands for some of them. */
export function planBatches(schedule: Schedule, world: UserWorld): void {
  const { random } = schedule;
  const tenants = schedule.stream('tenants');
  const batches = 1 + random.int(3);
  for (let index = 0; index < batches; index++) {
    const batchId = `b${index}`;
    planBatch(schedule, world, {
      batchId,
      requests: 1 + random.int(5),
      afterMs: random.between(0, 10 * MINUTE),
      fields: schedule.hasTenants ? { tenant: tenants.pick(['a', 'a', 'b', undefined]) } : {},
    });
    planCommands(schedule, world, batchId);
  }
  if (schedule.hungUntil !== undefined) planForHung(schedule, world);
  if (schedule.hasManyCommands) planManyCommands(schedule, world, batches);
}

/** Batches for the entry whose calls hang, alone or as one of two. */
function planForHung(schedule: Schedule, world: UserWorld): void {
  const random = schedule.stream('hung');
  for (let index = 1 + random.int(3); index > 0; index--) {
    const choices = [{ provider: HUNG_ENTRY }, { providers: [HUNG_ENTRY, 'openai'] }];
    planBatch(schedule, world, {
      batchId: `h${index}`,
      requests: 1 + random.int(3),
      afterMs: random.between(0, HOUR),
      fields: random.pick(choices),
    });
  }
}

/** Cancels and retries in turn, some of them sent twice: the last one that is carried out counts. */
function planManyCommands(schedule: Schedule, world: UserWorld, batches: number): void {
  const random = schedule.stream('commands');
  const batchId = `b${random.int(batches)}`;
  let afterMs = random.between(0, random.pick([HOUR, DAY]));
  for (let count = 1 + random.int(6); count > 0; count--) {
    const action = count % 2 === 1 ? 'cancel' : 'retry';
    const times = random.chance(0.2) ? 2 : 1;
    for (let time = 0; time < times; time++)
      planCommand(schedule, world, { action, batchId, afterMs });
    afterMs += random.between(0, random.pick([MINUTE, HOUR, 6 * HOUR]));
  }
}

/** A user adds the batch of a life, and sends its commands. */
export function planLife(schedule: Schedule, world: UserWorld, life: Life): void {
  const { requests, commands = [], tenant } = life;
  planBatch(schedule, world, { batchId: 'b', requests, afterMs: 0, fields: { tenant } });
  for (const { action, afterMs } of commands)
    planCommand(schedule, world, { action, batchId: 'b', afterMs });
}

interface PlannedBatch {
  readonly batchId: string;
  readonly requests: number;
  readonly afterMs: number;
  /** More fields of its message. */
  readonly fields?: object;
}

function planBatch(
  { timeline }: Schedule,
  { bucket, queue, onAdded }: UserWorld,
  { batchId, requests, afterMs, fields = {} }: PlannedBatch,
): void {
  const customIds = Array.from({ length: requests }, (_, n) => `${batchId}-${n}`);
  const lines = Buffer.from(customIds.map(requestLine).join(''));
  bucket.objects.set(`uploads/${batchId}.jsonl`, lines);
  onAdded(batchId, customIds);
  timeline.after(afterMs, () => queue.send(JSON.stringify({ batchId, ...fields }), 0, true));
}

function planCommands(schedule: Schedule, world: UserWorld, batchId: string): void {
  const { random, faults } = schedule;
  for (const action of ['cancel', 'retry', 'redeliver'] as const) {
    if (!random.chance(faults.command)) continue;
    const soon = random.chance(0.7) ? 2 * 60 * MINUTE : 2 * DAY;
    planCommand(schedule, world, { action, batchId, afterMs: random.between(0, soon) });
  }
}

function planCommand(
  schedule: Schedule,
  world: UserWorld,
  {
    action,
    batchId,
    afterMs,
  }: { readonly action: string; readonly batchId: string; readonly afterMs: number },
): void {
  schedule.timeline.after(afterMs, () => {
    schedule.trace(() => `user: ${action} ${batchId}`);
    world.onCommand(batchId);
    world.queue.send(JSON.stringify({ action, batchId }), 0, true);
  });
}

/** A line of a batch file. */
export function requestLine(id: string): string {
  return `{"custom_id":"${id}","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}\n`;
}
