/**
 * What a child process of the local run gets of the shell's environment: where programs are, and
 * Node's compile cache, with which it starts faster. The rest may hold keys, which must not reach
 * an emulator or a log.
 */
export function childEnvironment(): Readonly<Record<string, string>> {
  const { PATH = '', NODE_COMPILE_CACHE: cache } = process.env;
  return cache === undefined ? { PATH } : { PATH, NODE_COMPILE_CACHE: cache };
}
