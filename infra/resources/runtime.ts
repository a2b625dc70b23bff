import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type * as esbuild from 'esbuild';
import { ENVIRONMENT, PORT_NAMES, type PortName, SETTINGS_FILE } from '../../shared/config.ts';
import { BUNDLE_OPTIONS } from '../bundleOptions.ts';
import { ConfigurationError } from '../configurationError.ts';
import type { RuntimeProps } from '../runtimeProps.ts';

/** Where the code of the functions comes from. */
export interface FunctionCode {
  readonly code: lambda.Code;
  /** The handler in the code for the function of a name. */
  handlerOf(name: string): string;
  /** Variables that the code needs. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Bundles a user's code for the functions.
 *
 * @param settings the text of settings.json
 * @param needed names of the functions that the handler has
 * @throws ConfigurationError for an entry that does not exist, does not compile or lacks a handler
 */
export function runtimeCode(
  scope: Construct,
  runtime: RuntimeProps,
  settings: string,
  needed: readonly string[],
): FunctionCode {
  checkProps(runtime);
  const entry = resolve(runtime.entry);
  // CDK needs the code of the stacks that it deploys only.
  const isNeeded = Stack.of(scope).bundlingRequired;
  const files = isNeeded ? bundleFiles(entry, runtime, needed) : [];
  return {
    code: lambda.Code.fromAsset(dirname(entry), {
      assetHashType: AssetHashType.OUTPUT,
      // CDK bundles once for each directory and hash. The path is not part of it: the same code has the
      // same hash on every machine, so that deploying it from another one changes no function.
      ...{ extraHash: hashOf([settings, ...files.map(({ path, hash }) => path + hash)]) },
      bundling: {
        // CDK requires an image, and never runs it because `tryBundle` always succeeds.
        image: DockerImage.fromRegistry('none'),
        local: {
          tryBundle(output) {
            for (const { path, contents } of files) writeIn(output, path, contents);
            writeFileSync(join(output, SETTINGS_FILE), settings);
            return true;
          },
        },
      },
    }),
    handlerOf: (name) => `index.${name}`,
    environment: {
      ...runtime.environment,
      [ENVIRONMENT.replacedPorts]: replacedBy(runtime).join(','),
    },
  };
}

/** The ports that are replaced, each once. */
export function replacedBy(runtime: RuntimeProps | undefined): readonly PortName[] {
  return PORT_NAMES.filter((name) => runtime?.replaces.includes(name));
}

function checkProps({ entry, replaces, environment = {} }: RuntimeProps): void {
  if (!existsSync(entry))
    throw new ConfigurationError(
      `runtime.entry is ${JSON.stringify(entry)}, and there is no such file at ${resolve(entry)}: give the path of the file that exports the handlers`,
    );
  const unknown = replaces.find((name) => !PORT_NAMES.includes(name));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `runtime.replaces names ${JSON.stringify(unknown)}, which is no port: use some of ${PORT_NAMES.join(', ')}`,
    );
  const own: readonly string[] = Object.values(ENVIRONMENT);
  const taken = Object.keys(environment).find((name) => own.includes(name));
  if (taken !== undefined)
    throw new ConfigurationError(
      `runtime.environment sets ${taken}, which the handler sets itself: choose another name`,
    );
}

interface BundledFile {
  readonly path: string;
  readonly contents: Uint8Array;
  readonly hash: string;
}

function bundleFiles(
  entry: string,
  { externalModules = [] }: RuntimeProps,
  needed: readonly string[],
): readonly BundledFile[] {
  const directory = dirname(entry);
  const { outputFiles, metafile } = build(entry, {
    ...BUNDLE_OPTIONS,
    entryPoints: { index: entry },
    absWorkingDir: directory,
    outdir: directory,
    external: [...externalModules],
    metafile: true,
    write: false,
  });
  const exported = metafile.outputs['index.mjs']?.exports ?? [];
  const missing = needed.filter((name) => !exported.includes(name));
  if (missing.length > 0)
    throw new ConfigurationError(
      `runtime.entry ${entry} does not export ${missing.join(', ')}: write export const { ${needed.join(', ')} } = createHandlers(ports)`,
    );
  return outputFiles.map(({ path, contents, hash }) => ({
    ...{ contents, hash },
    path: relative(directory, path),
  }));
}

/** @throws ConfigurationError with the file, the line and the message of each error */
function build<Options extends esbuild.BuildOptions>(entry: string, options: Options) {
  const { buildSync } = loadEsbuild();
  try {
    return buildSync<Options>(options as esbuild.SameShape<esbuild.BuildOptions, Options>);
  } catch (error) {
    const { errors = [] } = error as Partial<esbuild.BuildFailure>;
    const lines = errors.map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column}: ${text}` : text,
    );
    if (lines.length === 0) throw error;
    throw new ConfigurationError(
      `runtime.entry ${basename(entry)} does not compile:\n${lines.join('\n')}`,
    );
  }
}

function loadEsbuild(): typeof esbuild {
  try {
    return createRequire(import.meta.url)('esbuild');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new ConfigurationError(
      'runtime.entry is bundled by esbuild, which is not installed: npm install --save-dev esbuild',
    );
  }
}

function writeIn(directory: string, path: string, contents: Uint8Array): void {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, contents);
}

function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:${text}`);
  return hash.digest('hex');
}
