import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import * as z from 'zod';
import type { Rules } from '../events/rules.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../template/account.ts';
import { operationOf, type Service, serviceError } from './service.ts';

const requestSchema = z.object({
  Entries: z.array(
    z.object({
      Source: z.string(),
      DetailType: z.string(),
      Detail: z.string(),
      EventBusName: z.string().optional(),
      Resources: z.array(z.string()).optional(),
      /** Seconds since 1970. */
      Time: z.number().optional(),
    }),
  ),
});
export type BusEvent = z.infer<typeof requestSchema>['Entries'][number];

/**
 * EventBridge's PutEvents: events are kept in a file, handed on, and brought to the targets of rules.
 *
 * @param file gets one JSON line per event
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
      // EventBridge's times have no fractions.
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
      return serviceError(400, 'InvalidAction', `${operation}: a local run knows PutEvents only`);
    const { Entries: entries } = requestSchema.parse(JSON.parse(request.body));
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
