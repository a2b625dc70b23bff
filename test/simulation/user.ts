import type { MemoryBucket } from '../../simulators/memory/bucket.ts';
import type { Life } from './lives.ts';
import { DAY, MINUTE, type Schedule } from './schedule.ts';
import type { Queue } from './world/queue.ts';

interface UserWorld {
  readonly bucket: MemoryBucket;
  readonly queue: Queue;
  /** Called with each batch as its file is uploaded. */
  onAdded(batchId: string, customIds: readonly string[]): void;
  /** Called as a command is sent that may make another delivery. */
  onCommand(batchId: string): void;
}

const HOUR = 60 * MINUTE;

/** A user adds some batches, and sends commands for some of them. */
export function planBatches(schedule: Schedule, world: UserWorld): void {
  const { random } = schedule;
  const batches = 1 + random.int(3);
  for (let index = 0; index < batches; index++) {
    const batchId = `b${index}`;
    planBatch(schedule, world, {
      batchId,
      requests: 1 + random.int(5),
      afterMs: random.between(0, 10 * MINUTE),
    });
    planCommands(schedule, world, batchId);
  }
  if (schedule.hasManyCommands) planManyCommands(schedule, world, batches);
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
  const { requests, commands = [] } = life;
  planBatch(schedule, world, { batchId: 'b', requests, afterMs: 0 });
  for (const { action, afterMs } of commands)
    planCommand(schedule, world, { action, batchId: 'b', afterMs });
}

function planBatch(
  { timeline }: Schedule,
  { bucket, queue, onAdded }: UserWorld,
  {
    batchId,
    requests,
    afterMs,
  }: { readonly batchId: string; readonly requests: number; readonly afterMs: number },
): void {
  const customIds = Array.from({ length: requests }, (_, n) => `${batchId}-${n}`);
  const lines = Buffer.from(customIds.map(requestLine).join(''));
  bucket.objects.set(`uploads/${batchId}.jsonl`, lines);
  onAdded(batchId, customIds);
  timeline.after(afterMs, () => queue.send(JSON.stringify({ batchId }), 0, true));
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

function requestLine(id: string): string {
  return `{"custom_id":"${id}","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}\n`;
}
