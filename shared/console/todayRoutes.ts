import { Hono } from 'hono';
import * as z from 'zod';
import type { QueueName } from '../batch/clientPorts.ts';
import { Latest } from '../client/latest.ts';
import type { ProviderInfo } from '../client/providerInfo.ts';
import { findingsOf } from '../operations/findings.ts';
import { DAY_MS } from '../quota/providerState.ts';
import { DoctorRuns, type DoctorState } from './doctorRuns.ts';
import { valid } from './failure.ts';
import type { ScreenPorts } from './ports.ts';
import { type BatchesSummary, summaryOf, TURNAROUND_DAYS } from './summary.ts';

/** The state of the handler at a glance. */
export interface TodayInfo extends BatchesSummary {
  readonly providers: readonly ProviderInfo[];
  /** Queues with dead letters, and about how many. */
  readonly letters: readonly { readonly queue: QueueName; readonly count: number }[];
  /** USD that all jobs cost that were collected in the present UTC day. */
  readonly spentToday: number;
  /** Whether all batches of the last 7 days are counted. */
  readonly isComplete: boolean;
}

/** Each count costs a request to each queue, and batches change every few seconds. */
const COUNT_AGE_MS = 10_000;

const doctorSchema = z.object({
  /** `yes` begins a run, whatever the age of the last one. */
  again: z.enum(['yes']).optional(),
});

/** The start of the page: what needs somebody, and how everything is. */
export function todayRoutes(ports: ScreenPorts) {
  const { client, mirror, hub, now } = ports;
  const doctor = new DoctorRuns(ports, () => findingsOf(client.connection, now));
  const letters = new Latest(() => countLetters(ports), { maxAgeMs: COUNT_AGE_MS, now });
  hub.subscribe((event) => {
    if (event.type !== 'changed' || (event.what !== 'providers' && event.what !== 'letters'))
      return;
    doctor.outdate();
    letters.forget();
  });
  return new Hono()
    .get('/today', async (context) => {
      const [providers, counts] = await Promise.all([
        client.providers(),
        letters.get(),
        // The first page is read if nothing is held yet.
        mirror.find(() => true, { limit: 1 }),
      ]);
      const summary = summaryOf(mirror.held(), now());
      const since = new Date(now() - TURNAROUND_DAYS * DAY_MS).toISOString();
      return context.json<TodayInfo>({
        ...summary,
        providers,
        letters: counts,
        spentToday: providers.reduce((sum, { spentToday }) => sum + spentToday, 0),
        isComplete: mirror.isWhole || (summary.countedTo ?? since) < since,
      });
    })
    .get('/doctor', valid('query', doctorSchema), (context) =>
      context.json<DoctorState>(doctor.look(context.req.valid('query').again !== undefined)),
    );
}

async function countLetters({
  client: {
    connection: { queues },
  },
}: ScreenPorts): Promise<TodayInfo['letters']> {
  const counts = await Promise.all(
    queues.names.map(async (queue) => ({ queue, count: await queues.countDeadLetters(queue) })),
  );
  return counts.filter(({ count }) => count > 0);
}
