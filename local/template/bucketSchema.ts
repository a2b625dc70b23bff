import * as z from 'zod';
import { flag } from './schemas.ts';

const notifications = z.object({
  EventBridgeConfiguration: z.object({ EventBridgeEnabled: flag.default(true) }).optional(),
});

export const bucket = z
  .object({ NotificationConfiguration: notifications.optional() })
  .transform(({ NotificationConfiguration: given }) => ({
    /** Whether rules hear of its objects. */
    tellsEventBridge: given?.EventBridgeConfiguration?.EventBridgeEnabled ?? false,
  }));
export type BucketProperties = z.infer<typeof bucket>;
