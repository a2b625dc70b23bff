import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';

/** A synthesized stack: its template, and where its assets are on disk. */
export interface Assembly {
  readonly stackName: string;
  readonly template: Template;
  /** The directory of an asset by the object key that the template names. */
  readonly assetDirectories: ReadonlyMap<string, string>;
}

const assetsSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string(), packaging: z.string() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

const TEMPLATE_SUFFIX = '.template.json';

/**
 * Reads what `cdk synth` wrote.
 *
 * @param directory a `cdk.out` that holds one stack
 * @throws UnsupportedError if it does not
 */
export async function readAssembly(directory: string): Promise<Assembly> {
  const files = await readdir(directory);
  const templates = files.filter((file) => file.endsWith(TEMPLATE_SUFFIX));
  const [templateFile, ...others] = templates;
  if (templateFile === undefined || others.length > 0)
    throw new UnsupportedError(
      `${directory} holds ${templates.length} templates (${templates.join(', ')}); a local run takes exactly one stack`,
    );

  const stackName = templateFile.slice(0, -TEMPLATE_SUFFIX.length);
  const template = templateSchema.parse(await readJson(join(directory, templateFile)));
  const assets = assetsSchema.parse(await readJson(join(directory, `${stackName}.assets.json`)));
  const assetDirectories = new Map<string, string>();
  for (const { source, destinations } of Object.values(assets.files))
    for (const { objectKey } of Object.values(destinations))
      assetDirectories.set(objectKey, resolve(directory, source.path));
  return { stackName, template, assetDirectories };
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

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
