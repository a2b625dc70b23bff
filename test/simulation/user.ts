import type { MemoryBucket } from '../../simulators/memory/bucket.ts';
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

/** A user adds some batches, and sends commands for some of them. */
export function planBatches(schedule: Schedule, world: UserWorld): void {
  const { random, timeline } = schedule;
  const batches = 1 + random.int(3);
  for (let index = 0; index < batches; index++) {
    const batchId = `b${index}`;
    const customIds = Array.from({ length: 1 + random.int(5) }, (_, n) => `${batchId}-${n}`);
    world.bucket.objects.set(
      `uploads/${batchId}.jsonl`,
      Buffer.from(customIds.map(requestLine).join('')),
    );
    world.onAdded(batchId, customIds);
    timeline.after(random.between(0, 10 * MINUTE), () =>
      world.queue.send(JSON.stringify({ batchId })),
    );
    planCommands(schedule, world, batchId);
  }
}

function planCommands(schedule: Schedule, world: UserWorld, batchId: string): void {
  const { random, timeline, faults } = schedule;
  for (const action of ['cancel', 'retry', 'redeliver'] as const) {
    if (!random.chance(faults.command)) continue;
    const soon = random.chance(0.7) ? 2 * 60 * MINUTE : 2 * DAY;
    timeline.after(random.between(0, soon), () => {
      schedule.trace(() => `user: ${action} ${batchId}`);
      world.onCommand(batchId);
      world.queue.send(JSON.stringify({ action, batchId }));
    });
  }
}

function requestLine(id: string): string {
  return `{"custom_id":"${id}","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}\n`;
}
