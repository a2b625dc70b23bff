import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { circles, importsOf, problemsOf } from './imports.ts';
import { IMPORT_RULES } from './rules.ts';

const ROOT = join(import.meta.dirname, '..', '..');

it.each([
  ['an import', "import { a } from './b.ts';"],
  ['an import for its effects', "import './b.ts';"],
  ['an import of types', "import type { A } from './b.ts';"],
  ['an import of which every name is a type', "import { type A } from './b.ts';"],
  ['an export of names', "export { a } from './b.ts';"],
  ['an export of types', "export type { A } from './b.ts';"],
  ['an export of everything', "export * from './b.ts';"],
  ['a dynamic import', "const b = await import('./b.ts');"],
  ['the type of a module', "type B = typeof import('./b.ts');"],
  ['a type of a module', "let a: import('./b.ts').A;"],
])('%s is seen', (_, text) => {
  expect(importsOf('folder/a.ts', text)).toEqual(['folder/b.ts']);
});

it('packages are known by their names, and Node by its own', () => {
  const text = `import 'node:fs/promises'; import 'a/b/c'; import '@scope/name/part'; import '../x.ts';`;
  expect(importsOf('one/a.ts', text)).toEqual(['node', 'a', '@scope/name', 'x.ts']);
});

it('text that is no import is not seen, and text that cannot be parsed is an error', () => {
  expect(importsOf('a.ts', "const text = `import './b.ts'`; // import './c.ts'")).toEqual([]);
  expect(() => importsOf('a.ts', 'import from from')).toThrow('a.ts cannot be parsed');
});

it('an import that its rule does not allow is a problem that names both files and the reason', () => {
  const rules = {
    pure: { may: 'zod', why: 'it is pure' },
    'pure/part': { may: 'node', why: 'it reads files' },
  };
  const imports = new Map([
    ['pure/a.ts', ['pure/part/b.ts', 'zod', 'shared/omitUndefined.ts', 'node']],
    ['pure/part/b.ts', ['node', 'zod', 'purer/c.ts']],
    ['elsewhere.ts', []],
  ]);
  expect(problemsOf(imports, rules)).toEqual([
    'pure/a.ts imports node\n  besides itself, pure may import zod: it is pure',
    'pure/part/b.ts imports zod\n  besides itself, pure/part may import node: it reads files',
    'pure/part/b.ts imports purer/c.ts\n  besides itself, pure/part may import node: it reads files',
    'elsewhere.ts has no rule\n  add its folder to test/imports/rules.ts',
  ]);
});

it('every circle is found once, by its shortest way', () => {
  const imports = new Map([
    ['a.ts', ['b.ts', 'leaf.ts']],
    ['b.ts', ['c.ts', 'a.ts', 'd.ts']],
    ['c.ts', ['a.ts']],
    ['d.ts', ['e.ts']],
    ['e.ts', ['d.ts', 'leaf.ts']],
    ['leaf.ts', []],
  ]);
  expect(circles(imports)).toEqual([
    ['a.ts', 'b.ts'],
    ['c.ts', 'a.ts', 'b.ts'],
    ['d.ts', 'e.ts'],
  ]);
});

it('a circle of types is a problem that names its files', () => {
  const imports = new Map([
    ['one/a.ts', importsOf('one/a.ts', "import type { B } from './b.ts'; export type A = B[];")],
    ['one/b.ts', importsOf('one/b.ts', "import type { A } from './a.ts'; export type B = A | 1;")],
  ]);
  const [problem] = problemsOf(imports, { one: { may: '', why: '' } });
  expect(problem).toContain('one/a.ts → one/b.ts → one/a.ts');
});

const PROJECT =
  /^(shared|infra|functions|inProcess|testing|simulators|local|cli|console|bench|examples)\b/;

it('every folder and file of the table exists', () => {
  const named = Object.entries(IMPORT_RULES).flatMap(([folder, rule]) => [
    folder,
    ...projectPaths(rule.may),
  ]);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it('docs/architecture.md says of each folder what it may import', () => {
  const page = readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8');
  const documented: Record<string, string[]> = {};
  for (const [, folder = '', may = ''] of page.matchAll(/^\| `([\w/]+)` \| .+ \| (.+) \|$/gm))
    if (PROJECT.test(folder))
      documented[folder] = [...may.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
  const ruled = Object.entries(IMPORT_RULES)
    .filter(([path]) => PROJECT.test(path) && !path.endsWith('.ts'))
    .filter(([path]) => !path.startsWith('shared/providers/'))
    .map(([folder, { may }]) => [folder, projectPaths(may)]);
  expect(documented).toEqual(Object.fromEntries(ruled));
});

function projectPaths(may: string): readonly string[] {
  return may.split(' ').filter((path) => PROJECT.test(path));
}

it('no function of the handler contains the console', () => {
  const reached = new Set(
    readdirSync(join(ROOT, 'functions'))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `functions/${name}`),
  );
  for (const file of reached) {
    if (!file.endsWith('.ts') || !existsSync(join(ROOT, file))) continue;
    for (const target of importsOf(file, readFileSync(join(ROOT, file), 'utf8')))
      reached.add(target);
  }
  expect(reached).toContain('shared/http/app.ts');
  expect([...reached].filter((path) => path.includes('console'))).toEqual([]);
});
