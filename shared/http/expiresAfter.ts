import * as z from 'zod';

const HOUR = 60 * 60;
const DAY = 24 * HOUR;

/** When a file expires: `FileExpirationAfter` and `BatchFileExpirationAfter` of OpenAI's API description. */
export const expiresAfterSchema = z.strictObject({
  anchor: z.literal('created_at'),
  seconds: z
    .number()
    .int()
    .min(HOUR)
    .max(30 * DAY),
});

/** The same in a form, where all values are texts. */
export const formExpiresAfterSchema = expiresAfterSchema.extend({
  seconds: z.coerce.number().pipe(expiresAfterSchema.shape.seconds),
});
