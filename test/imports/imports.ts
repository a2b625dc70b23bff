import { posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import type { ImportRule } from './rules.ts';

/** Everything may import these. */
const FOR_ALL = ['shared/omitUndefined.ts', 'shared/invalid'];

/** Each file's imports: paths from the root for files, names for packages, `node` for Node itself. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/**
 * What a file imports, in any form: `import`, `import type`, `export … from`, `import()` and
 * `typeof import()`. A dynamic import of a computed path cannot be known and is left out.
 */
export function importsOf(path: string, text: string): readonly string[] {
  const { program, module, errors } = parseSync(path, text);
  const [error] = errors;
  if (error) throw new Error(`${path} cannot be parsed: ${error.message}`);
  const specifiers: string[] = [];
  for (const { moduleRequest } of module.staticImports) specifiers.push(moduleRequest.value);
  for (const { entries } of module.staticExports)
    for (const { moduleRequest } of entries)
      if (moduleRequest) specifiers.push(moduleRequest.value);
  const visitor = new Visitor({
    ImportExpression({ source }) {
      if (source.type === 'Literal') specifiers.push(String(source.value));
    },
    TSImportType({ source }) {
      specifiers.push(source.value);
    },
  });
  visitor.visit(program);
  return [...new Set(specifiers.map((specifier) => targetOf(path, specifier)))];
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier);
  if (specifier.startsWith('node:')) return 'node';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

type Rules = Readonly<Record<string, ImportRule>>;

/** Every import that its rule does not allow, and every circle, as messages. Empty if all is well. */
export function problemsOf(imports: Imports, rules: Rules): readonly string[] {
  const forbidden = [...imports].flatMap(([file, targets]) => forbiddenIn(file, targets, rules));
  return [...forbidden, ...circles(imports).map(circleMessage)];
}

function forbiddenIn(file: string, targets: readonly string[], rules: Rules): readonly string[] {
  const [folder] = Object.keys(rules)
    .filter((path) => isWithin(path, file))
    .toSorted((one, other) => other.length - one.length);
  const rule = rules[folder ?? ''];
  if (folder === undefined || rule === undefined)
    return [`${file} has no rule\n  add its folder to test/imports/rules.ts`];
  if (rule.may === '*') return [];
  const allowed = [folder, ...FOR_ALL, ...rule.may.split(' ')];
  return targets
    .filter((target) => !allowed.some((path) => isWithin(path, target)))
    .map((target) => `${file} imports ${target}\n  ${explained(folder, rule)}`);
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function explained(folder: string, { may, why }: ImportRule): string {
  const besides = may === '' ? 'nothing' : may.replaceAll(' ', ', ');
  return `besides itself, ${folder} may import ${besides}: ${why}`;
}

/** The shortest circle through each file that is on one, each once, from its first file by name. */
export function circles(imports: Imports): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  for (const file of [...imports.keys()].toSorted()) {
    const circle = shortestWayBack(imports, file);
    if (!circle) continue;
    const key = circle.toSorted().join();
    if (!found.has(key)) found.set(key, circle);
  }
  return [...found.values()];
}

function shortestWayBack(imports: Imports, start: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue)
    for (const target of imports.get(file) ?? []) {
      if (target === start) return [...wayTo(cameFrom, start, file)];
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      queue.push(target);
    }
  return undefined;
}

function wayTo(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const way = [end];
  for (let file = end; file !== start; way.unshift(file)) file = cameFrom.get(file) ?? start;
  return way;
}

function circleMessage(circle: readonly string[]): string {
  const way = [...circle, circle[0]].join(' → ');
  return `${way}\n  Files in a circle cannot be read or moved one without the other, types included.`;
}
