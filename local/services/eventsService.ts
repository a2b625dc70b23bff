import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import * as z from 'zod';
import type { Rules } from '../events/rules.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../template/account.ts';
import type { StackResources } from '../template/resources.ts';
import { operationOf, type Service, serviceError } from './service.ts';

const putEventsSchema = z.object({
  Entries: z.array(
    z.object({
      Source: z.string(),
      DetailType: z.string(),
      Detail: z.string(),
      EventBusName: z.string().optional(),
      Resources: z.array(z.string()).optional(),
      /** Unix seconds. */
      Time: z.number().optional(),
    }),
  ),
});
export type BusEvent = z.infer<typeof putEventsSchema>['Entries'][number];

/**
 * EventBridge's PutEvents. Each event is appended to a file, published to the local run and sent to
 * the targets of the rules that it matches.
 *
 * @param file the file for the events, one JSON line each
 */
export function eventsService(
  file: string,
  publish: (event: BusEvent) => void,
  rules?: Rules,
): Service {
  const put = async (entry: BusEvent): Promise<{ EventId: string } | typeof MALFORMED> => {
    const detail = parseObject(entry.Detail);
    if (detail === undefined) return MALFORMED;
    const id = randomUUID();
    const time = new Date(entry.Time === undefined ? Date.now() : entry.Time * 1000).toISOString();
    appendFileSync(file, `${JSON.stringify({ eventId: id, time, ...entry })}\n`);
    publish(entry);
    await rules?.deliver(entry.EventBusName ?? 'default', {
      version: '0',
      id,
      'detail-type': entry.DetailType,
      source: entry.Source,
      account: LOCAL_ACCOUNT_ID,
      // The times of EventBridge have whole seconds.
      time: time.replace(/\.\d+/, ''),
      region: LOCAL_REGION,
      resources: entry.Resources ?? [],
      detail,
    });
    return { EventId: id };
  };
  return async (request) => {
    const operation = operationOf(request);
    if (operation !== 'PutEvents')
      return serviceError(
        400,
        'InvalidAction',
        `${operation} is not supported in a local run, which supports PutEvents`,
      );
    const { Entries: entries } = putEventsSchema.parse(JSON.parse(request.body));
    const results = await Promise.all(entries.map(put));
    const failed = results.filter((result) => 'ErrorCode' in result).length;
    return { status: 200, body: { FailedEntryCount: failed, Entries: results } };
  };
}

const MALFORMED = { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const SCHEDULE_PATH = /^\/schedules\/([^/]+)$/;

/** EventBridge Scheduler's GetSchedule. */
export function schedulerService(schedules: StackResources['schedules']): Service {
  return ({ path }) => {
    const name = decodeURIComponent(SCHEDULE_PATH.exec(path)?.[1] ?? '');
    const schedule = schedules.find((each) => each.name === name);
    if (schedule === undefined)
      return serviceError(404, 'ResourceNotFoundException', `Schedule ${name} does not exist.`);
    const body = {
      Name: name,
      Arn: schedule.arn,
      State: schedule.enabled ? 'ENABLED' : 'DISABLED',
      ScheduleExpression: schedule.expression,
      Target: { Arn: schedule.functionName },
    };
    return { status: 200, body };
  };
}
