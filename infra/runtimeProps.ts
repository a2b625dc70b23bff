import type { PortName } from '../shared/config.ts';

/** Your own code as the code of the handler's functions, with some of their ports replaced. */
export interface RuntimeProps {
  /**
   * Path of the TypeScript or JavaScript file that exports `intake`, `sweeper`, `worker` and `outcome`
   * as `createHandlers` of `batch-handler/runtime` returns them, `collector` with the prop `collector`,
   * `webhook` with webhooks, and `api` with the prop `api`. A relative path begins at the working directory of the synthesis. It is
   * bundled by esbuild at each synthesis, with everything that it imports.
   */
  readonly entry: string;
  /**
   * Names of the ports that the file gives to `createHandlers`: both must be equal, which the functions
   * check when they start. What a replaced port makes needless is neither created nor granted:
   *
   * - `items`, or every store in the table: the table
   * - `objects`: the bucket
   * - `queues`: the batch queue and the work queue with their event sources. The functions stay, for an
   *   event source of yours
   * - `bus`: the permission to publish to the event bus
   * - `processor`: the permission to invoke the processor
   * - `secrets`: the secrets of entries that are given none, with the permission to read them
   */
  readonly replaces: readonly PortName[];
  /**
   * Environment variables for the functions, in addition to the handler's own. They are visible in the
   * console: give the name of a secret, never its value.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Modules that are not bundled, such as what a layer has.
   *
   * @default - everything is bundled
   */
  readonly externalModules?: readonly string[];
}
