import type { Batch } from '../batch.ts';
import type { EventOf, EventType } from '../events.ts';
import type { Decision, Moment } from './decision.ts';

/** What a status makes of each event; an event that is not named does not concern it. */
export type Handlers = {
  readonly [T in EventType]?: (batch: Batch, event: EventOf<T>, moment: Moment) => Decision;
};
