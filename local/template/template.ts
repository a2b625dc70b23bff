import * as z from 'zod';

/** The part of a CloudFormation template that a local run reads. Values hold unresolved intrinsics. */
export const templateSchema = z.object({
  Metadata: z.record(z.string(), z.unknown()).default({}),
  Parameters: z.record(z.string(), z.object({ Default: z.unknown().optional() })).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Condition: z.string().optional() }))
    .default({}),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.string().optional(),
      /** Of no use here, where nothing is deleted: for whoever asks for the template. */
      DeletionPolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});
export type Template = z.infer<typeof templateSchema>;

/** Something in the template that the local run cannot do. It names the place and what it can. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
