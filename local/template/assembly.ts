import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';

/** A synthesized stack: its template and the directories of its assets. */
export interface Assembly {
  readonly stackName: string;
  readonly template: Template;
  /** The directories of assets, by the object keys in the template. */
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
 * Reads the output of `cdk synth`.
 *
 * @param directory a `cdk.out` with one stack
 * @throws UnsupportedError if it does not contain exactly one stack
 */
export async function readAssembly(directory: string): Promise<Assembly> {
  const files = await readdir(directory);
  const templates = files.filter((file) => file.endsWith(TEMPLATE_SUFFIX));
  const [templateFile, ...others] = templates;
  if (templateFile === undefined || others.length > 0)
    throw new UnsupportedError(
      `${directory} holds ${templates.length} templates (${templates.join(', ')}), but a local run needs exactly one stack`,
    );

  const stackName = templateFile.slice(0, -TEMPLATE_SUFFIX.length);
  const template = templateSchema.parse(await readJsonFile(join(directory, templateFile)));
  const assets = assetsSchema.parse(
    await readJsonFile(join(directory, `${stackName}.assets.json`)),
  );
  const assetDirectories = new Map<string, string>();
  for (const { source, destinations } of Object.values(assets.files))
    for (const { objectKey } of Object.values(destinations))
      assetDirectories.set(objectKey, resolve(directory, source.path));
  return { stackName, template, assetDirectories };
}

async function readJsonFile(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}

/** The parts of a CloudFormation template that a local run reads. Intrinsics are not resolved. */
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
      /** Has no effect locally. It is part of the template that CloudFormation returns. */
      DeletionPolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});
export type Template = z.infer<typeof templateSchema>;

/** The local run does not support a part of the template. The message names it and what is supported. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
