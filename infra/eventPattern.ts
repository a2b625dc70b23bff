import type * as events from 'aws-cdk-lib/aws-events';
import { STATE_CHANGE, type Status } from '../shared/config.ts';

/** Which state changes of batches a rule takes: those that fit every field that is given. */
export interface StateChangeFilter {
  /** @default - any status */
  readonly from?: readonly Status[];
  /** @default - any status */
  readonly to?: readonly Status[];
  /** Provider entries. @default - any */
  readonly providers?: readonly string[];
}

export function eventPattern({ from, to, providers }: StateChangeFilter): events.EventPattern {
  const detail = {
    ...(from ? { from: [...from] } : {}),
    ...(to ? { to: [...to] } : {}),
    ...(providers ? { provider: [...providers] } : {}),
  };
  return {
    source: [STATE_CHANGE.source],
    detailType: [STATE_CHANGE.detailType],
    // CloudFormation takes no pattern with an empty object in it.
    ...(Object.keys(detail).length > 0 ? { detail } : {}),
  };
}
