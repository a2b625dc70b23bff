import { ENVIRONMENT } from '../../shared/config.ts';
import { METADATA_KEY, stackMetadataSchema } from '../../shared/handlerMetadata.ts';
import { type SynthesizedStack, UnsupportedError } from './assembly.ts';
import { isNamed, type Named } from './identities.ts';

/** A resource of a stack that the local run does not create. */
export interface UnsupportedResource {
  readonly stackName: string;
  readonly logicalId: string;
  readonly type: string;
  readonly arn: string;
  /** Absent if the local run does not know the type at all. */
  readonly reason?: string;
}

/** A function that runs. */
interface RunningFunction extends Named {
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Checks that all resources of each handler are supported, since a handler without one of them would
 * only seem to run.
 *
 * @throws UnsupportedError naming the resource
 */
export function checkHandlers(
  stacks: readonly SynthesizedStack[],
  unsupported: readonly UnsupportedResource[],
  functions: readonly RunningFunction[],
): void {
  for (const { stackName, template } of stacks) {
    const { [METADATA_KEY]: handlers } = stackMetadataSchema.parse(template.Metadata);
    for (const [path, { resources }] of Object.entries(handlers)) {
      for (const [part, id] of Object.entries(resources)) {
        const missing = unsupported.find(
          (each) => each.logicalId === id && each.stackName === stackName,
        );
        if (missing) refuse(missing, part, path);
      }
      if (resources.processor === undefined) checkProcessor(path, unsupported, functions);
    }
  }
}

/** Checks the processor of another stack, which the handler's functions name by its ARN. */
function checkProcessor(
  path: string,
  unsupported: readonly UnsupportedResource[],
  functions: readonly RunningFunction[],
): void {
  const arns = functions.flatMap(({ environment }) => environment[ENVIRONMENT.processor] ?? []);
  for (const processor of new Set(arns)) {
    if (functions.some(({ name, arn }) => isNamed(processor, name, arn))) continue;
    const missing = unsupported.find(({ arn }) => isNamed(processor, arn, arn));
    if (missing) refuse(missing, 'processor', path);
    throw new UnsupportedError(
      `${processor}, the processor of ${path}, is in no stack of this app: a local run needs its code, so define it in a stack of the app, at least when you run it locally`,
    );
  }
}

function refuse(missing: UnsupportedResource, part: string, path: string): never {
  const { logicalId, type, reason = 'its type is not supported' } = missing;
  throw new UnsupportedError(
    `${logicalId} (${type}), the ${part} of ${path}, cannot run locally: ${reason}`,
  );
}

/** Lines for people: all unknown types in one, then each other resource with its reason. */
export function unsupportedLines(unsupported: readonly UnsupportedResource[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { type, reason } of unsupported) {
    if (reason === undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const types = [...counts].map(([type, count]) => (count === 1 ? type : `${count} ${type}`));
  const unknown = types.length === 0 ? [] : [`not run locally: ${types.join(', ')}`];
  const refused = unsupported.flatMap(({ logicalId, type, reason }) =>
    reason === undefined ? [] : [`not run locally: ${logicalId} (${type}): ${reason}`],
  );
  return [...unknown, ...refused];
}
