/** Gives one function hostile bodies, in a process of its own, and prints what came of them. */
import { createHash } from 'node:crypto';
import { runSweeper } from '../../functions/sweeper.ts';
import { collectorSettingsSchema } from '../../shared/collector/contract.ts';
import { gather } from '../../shared/collector/gather.ts';
import { recordDeliveryOutcome } from '../../shared/usecases/outcome.ts';
import { acceptWork } from '../../shared/usecases/work/work.ts';
import { MemoryLanes } from '../../simulators/memory/lanes.ts';
import { requestLine, world } from '../support/world.ts';

const MIB = 1024 * 1024;

const w = world();
const reasons: string[] = [];

/** Objects that are made as they are read, so that the bucket itself takes no memory. */
const made = new Map<string, () => Iterable<string>>();

/** Text of at most this many bytes, in pieces of 64 KiB. */
function* repeated(head: string, unit: string, tail: string, bytes: number): Iterable<string> {
  const piece = unit.repeat(Math.floor(65_536 / unit.length));
  yield head;
  for (let size = head.length + tail.length; size + piece.length <= bytes; size += piece.length)
    yield piece;
  yield tail;
}

const line = (id: string) => requestLine(id).slice(0, -2);
const large = (id: string, bytes: number) => () =>
  repeated(`${line(id)},"pad":"`, 'x, {[', '"}}', bytes);

const objects = {
  ...w.objects,
  async head({ key }: { key: string }) {
    const pieces = made.get(key);
    if (!pieces) return undefined;
    let bytes = 0;
    for (const piece of pieces()) bytes += piece.length;
    return { bytes, etag: key };
  },
  async *read(key: string) {
    for (const piece of made.get(key)?.() ?? []) yield Buffer.from(piece);
  },
  writer: () => {
    const hash = createHash('md5');
    return {
      write: async (chunk: Uint8Array) => void hash.update(chunk),
      close: async () => ({ etag: hash.digest('hex') }),
      abort: async () => {},
    };
  },
};
Object.assign(w.dependencies, { objects });

function pointer(name: string, pieces?: () => Iterable<string>): string {
  const key = `uploads/messages/${name}.json`;
  if (pieces) made.set(key, pieces);
  return JSON.stringify({ action: 'pointer', key });
}

const VALUES = [
  () => repeated('[', '{},', '{}]', 16 * MIB - 1),
  () => repeated('{"requests":[', '{},', '{}]}', 16 * MIB - 1),
  () => repeated('{"requests":[', '1,', '1]}', 16 * MIB - 1),
  () => repeated('{"providers":[', '1,', '1]}', 16 * MIB - 1),
  () => repeated('{"metadata":{"a":[', '[],', '[]]}}', 16 * MIB - 1),
  () => repeated('', '[', '', 16 * MIB - 1),
  () => repeated('{"batchId":"', '\\u0000', '"}', 17 * MIB),
];

const hostile = [
  ...VALUES.map((pieces, index) => pointer(`values${index}`, pieces)),
  pointer('missing'),
  ...['null', '[]', '', '{"requests":', `${'['.repeat(MIB)}`, `{"a":${'{},'.repeat(9)}}`],
];

async function collector() {
  const lanes = new MemoryLanes();
  const bodies = [
    ...hostile,
    pointer('line', () => repeated(`${line('l')},"pad":[`, '{},', '{}]}}', 16 * MIB - 1)),
    ...Array.from({ length: 300 }, (_, i) => pointer(`r${i}`, large(`r${i}`, 3 * MIB))),
    requestLine('innocent'),
  ];
  const ports = {
    ...w.dependencies,
    collector: {
      settings: collectorSettingsSchema.parse({}),
      lanes: lanes.laneStore(),
      requests: lanes.register(),
      queue: {
        sendJoin: async () => {},
        sendDeadLetter: async (_body: string, reason: string) => void reasons.push(reason),
      },
    },
  };
  const deliveries = bodies.map((body, index) => ({ body, messageId: `m${index}` }));
  const back = await gather(ports, deliveries, w.dependencies.clock.now() + 300_000);
  const windows = lanes.all().flatMap(({ open, sealed }) => [...sealed, ...(open ? [open] : [])]);
  return {
    sent: bodies.length,
    back: back.size,
    taken: windows.reduce((n, r) => n + r.requests, 0),
  };
}

async function intake() {
  const requests = () =>
    repeated('{"requests":[', `${requestLine('a')},`, `${requestLine('b')}]}`, 16 * MIB - 1);
  const bodies = [...hostile, pointer('requests', requests)];
  for (const body of bodies) await w.send(body, `m${bodies.indexOf(body)}`);
  reasons.push(...w.deadLetters.map(({ reason }) => reason));
  return { sent: bodies.length, back: 0, taken: w.batches.all().length };
}

/** SQS takes 1 MiB: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const messages = [
  ...hostile,
  `[${'{},'.repeat(MIB / 3 - 2)}{}]`,
  `{"action":"submit","batchId":"${'x'.repeat(MIB - 40)}"}`,
  `{"requestContext":{"condition":"Success"},"requestPayload":{"batchId":"${'x'.repeat(MIB / 2)}","deliveryId":"d","deliveryAttempt":1}}`,
  `{"requestContext":[${'1,'.repeat(MIB / 2 - 20)}1]}`,
];

async function worker() {
  let taken = 0;
  for (const body of messages) {
    const message = await acceptWork(w.dependencies, { body, messageId: 'm' });
    if (message !== undefined) taken += 1;
  }
  reasons.push(...w.deadLetters.map(({ reason }) => reason));
  return { sent: messages.length, back: 0, taken };
}

async function outcome() {
  for (const body of messages) await recordDeliveryOutcome(w.dependencies, body);
  reasons.push(...w.logged.filter((text) => text.startsWith('ignored: ')));
  return { sent: messages.length, back: 0, taken: 0 };
}

async function sweeper() {
  const jobs = Array.from({ length: 10_000 }, (_, index) => `entry-${index}`);
  const events = [
    { action: 'check', providers: jobs, jobId: 'j' },
    { action: 'check', providers: [], jobId: 'j' },
    { action: 'check', providers: ['openai'], jobId: 'x'.repeat(MIB / 4) },
    { action: 'toString' },
    { action: 'check', providers: ['openai'], jobId: { a: [] } },
  ];
  for (const event of events)
    await runSweeper(w.dependencies, event, Number.POSITIVE_INFINITY).catch((error: Error) => {
      reasons.push(error.message.slice(0, 200));
    });
  return { sent: events.length, back: 0, taken: 0 };
}

const RUNS = { collector, intake, worker, outcome, sweeper };
// What it took to load TypeScript says nothing about the function, which is a bundle.
const peak = () => process.resourceUsage().maxRSS / 1024;
const loadedMiB = peak();
const result = await RUNS[process.argv[2] as keyof typeof RUNS]();
const grownMiB = Math.round(peak() - loadedMiB);
process.stdout.write(JSON.stringify({ ...result, reasons, grownMiB }));
