import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { METADATA_KEY } from '../../shared/handlerMetadata.ts';
import { UsageError } from '../commandLine.ts';

/** A synthesized stack: its template and the directories of its assets. */
export interface SynthesizedStack {
  readonly stackName: string;
  readonly template: Template;
  /** The directories of assets, by the object keys in the template. */
  readonly assetDirectories: ReadonlyMap<string, string>;
}

/** The stack of a local run, with the stacks of the same app that run beside it. */
export interface Assembly extends SynthesizedStack {
  readonly others: readonly SynthesizedStack[];
}

/** All stacks of a local run, its own first. */
export function stacksOf(assembly: Assembly): readonly SynthesizedStack[] {
  return [assembly, ...assembly.others];
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

/** https://docs.aws.amazon.com/cdk/api/v2/docs/cloud-assembly-schema-readme.html */
const manifestSchema = z.object({
  artifacts: z
    .record(
      z.string(),
      z.object({
        type: z.string(),
        displayName: z.string().optional(),
        dependencies: z.array(z.string()).default([]),
        properties: z
          .object({
            templateFile: z.string().optional(),
            stackName: z.string().optional(),
            directoryName: z.string().optional(),
          })
          .default({}),
      }),
    )
    .default({}),
});

const STACK = 'aws:cloudformation:stack';
const NESTED_ASSEMBLY = 'cdk:cloud-assembly';

/** A stack of the manifest. */
interface StackArtifact extends SynthesizedStack {
  readonly id: string;
  /** The path of the stack in its app, as `cdk list` shows it. */
  readonly path: string;
  readonly dependencies: readonly string[];
}

/**
 * Reads the output of `cdk synth`: the stack with the handler, the stacks that it needs, and the
 * stacks that need it. A stack with another handler runs only if this one needs it.
 *
 * @param directory a `cdk.out`
 * @param name the stack to run, if several have a handler: its name, or its path in the app
 * @throws UsageError if the directory does not hold it
 */
export async function readAssembly(directory: string, name?: string): Promise<Assembly> {
  const stacks = await readStacks(directory);
  const chosen = choose(directory, stacks, name);
  const own = closure(stacks, chosen);
  const users = stacks
    .map((stack) => closure(stacks, stack))
    .filter(
      (all) => all.has(chosen) && [...all].every((each) => own.has(each) || !isHandler(each)),
    );
  const running = new Set([...own, ...users.flatMap((all) => [...all])]);
  return { ...chosen, others: [...running].filter((stack) => stack !== chosen) };
}

function choose(
  directory: string,
  stacks: readonly StackArtifact[],
  name: string | undefined,
): StackArtifact {
  const list = (some: readonly StackArtifact[]) => some.map(({ path }) => path).join(', ');
  if (stacks.length === 0) throw new UsageError(`${directory} holds no stack`);
  if (name !== undefined) {
    const atPath = stacks.filter(({ path }) => name === path);
    const named = atPath.length > 0 ? atPath : stacks.filter((each) => each.stackName === name);
    const [first, ...others] = named;
    if (first === undefined)
      throw new UsageError(`${directory} holds no stack ${name}: use one of ${list(stacks)}`);
    if (others.length > 0)
      throw new UsageError(
        `${directory} holds ${named.length} stacks ${name}: use the path of one, ${list(named)}`,
      );
    return first;
  }
  const candidates = stacks.length === 1 ? stacks : stacks.filter(isHandler);
  const [first, ...others] = candidates;
  if (first === undefined)
    throw new UsageError(`no stack in ${directory} has a Batch Handler: it holds ${list(stacks)}`);
  if (others.length > 0)
    throw new UsageError(
      `${directory} holds ${candidates.length} stacks with a Batch Handler: use one of them with --stack, ${list(candidates)}`,
    );
  return first;
}

function isHandler({ template }: SynthesizedStack): boolean {
  return METADATA_KEY in template.Metadata;
}

/** A stack and all that it needs, directly or not. */
function closure(
  stacks: readonly StackArtifact[],
  stack: StackArtifact,
): ReadonlySet<StackArtifact> {
  const found = new Set([stack]);
  for (const { dependencies } of found)
    for (const each of stacks) if (dependencies.includes(each.id)) found.add(each);
  return found;
}

/** The stacks of a directory and of the stages in it. */
async function readStacks(directory: string): Promise<readonly StackArtifact[]> {
  const file = join(directory, 'manifest.json');
  const manifest = await readJsonFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new UsageError(`${file} does not exist: run "npx cdk synth", which writes it`);
  });
  const { artifacts } = manifestSchema.parse(manifest);
  const found = Object.entries(artifacts).map(async ([id, { type, properties, ...artifact }]) => {
    const { templateFile, stackName = id, directoryName } = properties;
    if (type === NESTED_ASSEMBLY && directoryName !== undefined)
      return readStacks(join(directory, directoryName));
    if (type !== STACK || templateFile === undefined) return [];
    const { displayName: path = id, dependencies } = artifact;
    return [{ id, path, dependencies, ...(await readStack(directory, stackName, templateFile)) }];
  });
  return (await Promise.all(found)).flat();
}

async function readStack(
  directory: string,
  stackName: string,
  templateFile: string,
): Promise<SynthesizedStack> {
  const template = templateSchema.parse(await readJsonFile(join(directory, templateFile)));
  const assetsFile = templateFile.replace(/\.template\.json$/, '.assets.json');
  const assets = assetsSchema.parse(await readJsonFile(join(directory, assetsFile)));
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
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Condition: z.string().optional(),
        Export: z.object({ Name: z.unknown() }).optional(),
      }),
    )
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
