import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { KINDS, providerSettingsSchema } from '../../../shared/providers/kinds.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

test.each(Object.entries(KINDS))('%s is found by the kind of its settings', (name, kind) => {
  const settings = providerSettingsSchema.parse(kind.minimalSettings);
  expect(settings.kind).toBe(name);
});

test.each(Object.entries(KINDS))(
  '%s has endpoints and refuses unknown options',
  async (_, kind) => {
    // The compiler cannot follow that the kind takes just these settings.
    const { describe } = kind as {
      describe: (settings: unknown) => ReturnType<typeof kind.describe>;
    };
    const description = await describe(providerSettingsSchema.parse(kind.minimalSettings));
    expect(description.endpoints).toContain('/v1/chat/completions');
    expect(() => description.checkOptions({ nonsense: 1 })).toThrow('options.nonsense');
  },
);

test('the table loads no adapter, no translation and no SDK before a kind is used', async () => {
  const { metafile } = await build({
    entryPoints: ['shared/providers/kinds.ts'],
    absWorkingDir: ROOT,
    outdir: 'nowhere',
    write: false,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    logLevel: 'silent',
  });
  const { outputs } = metafile;
  const loaded = new Set(
    Object.keys(outputs).filter((path) =>
      outputs[path]?.entryPoint?.endsWith('providers/kinds.ts'),
    ),
  );
  const packages = new Set<string>();
  for (const path of loaded)
    for (const { kind, external, path: imported } of outputs[path]?.imports ?? []) {
      if (kind !== 'import-statement') continue;
      if (external) packages.add(imported);
      else loaded.add(imported);
    }
  const files = [...loaded].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));

  expect(files).toContain('shared/providers/anthropic/description.ts');
  expect(
    files.filter((file) => /providers\/(translation\/|google\/|\w+\/(?!description))/.test(file)),
  ).toEqual([]);
  expect([...packages].sort()).toEqual(['zod']);
});
