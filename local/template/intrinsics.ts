import { UnsupportedError } from './template.ts';

/** What the names in a template stand for. */
export interface Scope {
  /** The value of `Ref`. Throws for an unknown name. */
  reference(name: string): unknown;
  /** The value of `Fn::GetAtt`. Throws for an unknown resource or attribute. */
  attribute(logicalId: string, name: string): unknown;
  /** Whether a condition of the template holds. */
  condition(name: string): boolean;
}

/** What `Ref: AWS::NoValue` gives: the property that holds it is left out. */
const NO_VALUE = Symbol('AWS::NoValue');

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) =>
    name === 'AWS::NoValue' ? NO_VALUE : scope.reference(asText(name, 'the argument of Ref')),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, ...path] =
      typeof argument === 'string' ? argument.split('.') : asList(argument);
    return scope.attribute(asText(logicalId, 'Fn::GetAtt'), path.map(String).join('.'));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = asList(argument);
    const texts = asList(resolve(parts, scope)).map((part) => asText(part, 'a part of Fn::Join'));
    return texts.join(asText(separator, 'the separator of Fn::Join'));
  },
  'Fn::Sub': (argument, scope) => {
    const [text, variables = {}] = typeof argument === 'string' ? [argument] : asList(argument);
    return substitute(asText(text, 'Fn::Sub'), resolve(variables, scope) as object, scope);
  },
  'Fn::Select': (argument, scope) => {
    const [index, list] = asList(argument);
    const values = asList(resolve(list, scope));
    const position = Number(resolve(index, scope));
    if (!(position in values))
      throw new Error(`Fn::Select takes item ${position} of a list of ${values.length}`);
    return values[position];
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = asList(argument);
    return asText(resolve(text, scope), 'Fn::Split').split(asText(separator, 'Fn::Split'));
  },
  'Fn::If': (argument, scope) => {
    const [name, whenTrue, whenFalse] = asList(argument);
    return resolve(scope.condition(asText(name, 'Fn::If')) ? whenTrue : whenFalse, scope);
  },
};

/**
 * Replaces every intrinsic function in a value by what it stands for.
 *
 * @throws UnsupportedError for a function that is not one of {@link INTRINSICS}
 */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;

  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [''];
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) {
    const intrinsic = INTRINSICS[name];
    if (intrinsic === undefined)
      throw new UnsupportedError(
        `the function ${name} is not supported locally; supported are ${Object.keys(INTRINSICS).join(', ')}`,
      );
    return intrinsic(argument, scope);
  }
  const resolved = entries.map(([key, item]) => [key, resolve(item, scope)] as const);
  return Object.fromEntries(resolved.filter(([, item]) => item !== NO_VALUE));
}

function substitute(text: string, variables: object, scope: Scope): string {
  return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return String(variables[name as keyof typeof variables]);
    const [logicalId = '', ...path] = name.split('.');
    return String(
      path.length === 0 ? scope.reference(name) : scope.attribute(logicalId, path.join('.')),
    );
  });
}

function asList(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`expected a list, got ${JSON.stringify(value)}`);
  return value;
}

function asText(value: unknown, what: string): string {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new Error(`expected a text as ${what}, got ${JSON.stringify(value)}`);
  return String(value);
}
