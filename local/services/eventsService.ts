import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import * as z from 'zod';
import { operationOf, type Service, serviceError } from './service.ts';

const requestSchema = z.object({
  Entries: z.array(
    z.object({
      Source: z.string(),
      DetailType: z.string(),
      Detail: z.string(),
      EventBusName: z.string().optional(),
    }),
  ),
});
export type BusEvent = z.infer<typeof requestSchema>['Entries'][number];

/**
 * EventBridge's PutEvents: events are kept in a file and handed on.
 *
 * @param file gets one JSON line per event
 */
export function eventsService(file: string, publish: (event: BusEvent) => void): Service {
  return (request) => {
    const operation = operationOf(request);
    if (operation !== 'PutEvents')
      return serviceError(400, 'InvalidAction', `${operation}: a local run knows PutEvents only`);
    const { Entries: entries } = requestSchema.parse(JSON.parse(request.body));
    const results = entries.map((entry) => {
      const eventId = randomUUID();
      const time = new Date().toISOString();
      appendFileSync(file, `${JSON.stringify({ eventId, time, ...entry })}\n`);
      publish(entry);
      return { EventId: eventId };
    });
    return { status: 200, body: { FailedEntryCount: 0, Entries: results } };
  };
}
