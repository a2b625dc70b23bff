import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A place in a bundle, as stacks name it: file:///var/task/sweeper.mjs:1:2345 */
const PLACE = /(file:\/\/[^\s()]+):(\d+):(\d+)/g;
/** Errors that are causes of each other would have no end. */
const MAX_CAUSES = 5;

/**
 * Names the places of the source in the stack of an error and of its causes, in place of those in the
 * bundle. Node's own `--enable-source-maps` would read the maps at every start, which takes a fifth of
 * it; here an error pays for it. A stack whose maps cannot be read stays as it is.
 */
export function nameSources(error: unknown): void {
  const maps = new Map<string, SourceMap | undefined>();
  let each = error;
  for (let depth = 0; depth <= MAX_CAUSES && each instanceof Error; depth++) {
    try {
      each.stack = `${each.stack}`.replace(
        PLACE,
        (place, file: string, line: string, column: string) =>
          sourceOf(maps, file, { line: Number(line), column: Number(column) }) ?? place,
      );
    } catch {
      // The error must be seen, whatever it is: one that is frozen keeps its stack.
    }
    each = each.cause;
  }
}

/** @returns such as functions/sweeper.ts:12:5; undefined for a file without a map */
function sourceOf(
  maps: Map<string, SourceMap | undefined>,
  file: string,
  { line, column }: { readonly line: number; readonly column: number },
): string | undefined {
  if (!maps.has(file)) maps.set(file, readMap(file));
  const origin = maps.get(file)?.findOrigin(line, column);
  if (origin === undefined || !('fileName' in origin)) return undefined;
  // Maps name their sources relative to the directory of the build.
  const source = origin.fileName.replace(/^.*\.\.\//, '');
  return `${source}:${origin.lineNumber}:${origin.columnNumber}`;
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(file)}.map`, 'utf8')));
  } catch {
    return undefined;
  }
}
