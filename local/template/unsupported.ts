import { METADATA_KEY, stackMetadataSchema } from '../../shared/handlerMetadata.ts';
import { type Template, UnsupportedError } from './assembly.ts';

/** A resource of the stack that the local run does not create. */
export interface UnsupportedResource {
  readonly logicalId: string;
  readonly type: string;
  /** Absent if the local run does not know the type at all. */
  readonly reason?: string;
}

/**
 * Checks that all resources of each handler are supported, since a handler without one of them would
 * only seem to run.
 *
 * @throws UnsupportedError naming the resource
 */
export function checkHandlers(
  template: Template,
  unsupported: readonly UnsupportedResource[],
): void {
  const { [METADATA_KEY]: handlers } = stackMetadataSchema.parse(template.Metadata);
  for (const [path, { resources }] of Object.entries(handlers)) {
    for (const [part, id] of Object.entries(resources)) {
      const missing = unsupported.find(({ logicalId }) => logicalId === id);
      if (missing) {
        const { logicalId, type, reason = 'its type is not supported' } = missing;
        throw new UnsupportedError(
          `${logicalId} (${type}), the ${part} of ${path}, cannot run locally: ${reason}`,
        );
      }
    }
    if (resources.processor === undefined) {
      throw new UnsupportedError(
        `the processor of ${path} is in another stack, but a local run needs both in one stack`,
      );
    }
  }
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
