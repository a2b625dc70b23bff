import { type Account, pseudoParameter } from './account.ts';
import { type Assembly, stacksOf, type Template, UnsupportedError } from './assembly.ts';
import { IDENTITIES, type Identity, identifyUnknown } from './identities.ts';

/** Resolves the names in a template. */
export interface Scope {
  /** The value of `Ref`. Throws for an unknown name. */
  reference(name: string): unknown;
  /** The value of `Fn::GetAtt`. Throws for an unknown resource or attribute. */
  attribute(logicalId: string, name: string): unknown;
  /** Whether a condition of the template holds. */
  condition(name: string): boolean;
  /** The value that a stack exports. Throws if none does. */
  imported(exportName: string): unknown;
  /** The output of another stack. Throws if there is none. */
  output(stackName: string, name: string): unknown;
}

/** The names of a stack's template. */
export interface StackScope extends Scope {
  identityOf(logicalId: string): Identity;
}

/** The value of `Ref: AWS::NoValue`, which removes the property that has it. */
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
  // The strong and the weak reference of CDK to another stack.
  'Fn::ImportValue': (argument, scope) =>
    scope.imported(asText(resolve(argument, scope), 'Fn::ImportValue')),
  'Fn::GetStackOutput': (argument, scope) => {
    const { StackName: stack, OutputName: output } = resolve(argument, scope) as Output;
    return scope.output(asText(stack, 'StackName'), asText(output, 'OutputName'));
  },
  'Fn::If': (argument, scope) => {
    const [name, whenTrue, whenFalse] = asList(argument);
    return resolve(scope.condition(asText(name, 'Fn::If')) ? whenTrue : whenFalse, scope);
  },
};

type Output = { readonly StackName?: unknown; readonly OutputName?: unknown };

/**
 * Resolves all intrinsic functions in a value.
 *
 * @throws UnsupportedError for a function that is not in {@link INTRINSICS}
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

/**
 * Evaluates an expression of the template's `Conditions`.
 *
 * @throws UnsupportedError for a function that is not a condition function
 */
function holds(expression: unknown, scope: Scope): boolean {
  const [name = '', argument] = Object.entries((expression ?? {}) as object)[0] ?? [];
  const parts = Array.isArray(argument) ? argument : [];
  switch (name) {
    case 'Condition':
      return scope.condition(String(argument));
    case 'Fn::And':
      return parts.every((part) => holds(part, scope));
    case 'Fn::Or':
      return parts.some((part) => holds(part, scope));
    case 'Fn::Not':
      return !holds(parts[0], scope);
    case 'Fn::Equals': {
      const [left, right] = resolve(parts, scope) as unknown[];
      return String(left) === String(right);
    }
    default:
      throw new UnsupportedError(
        `the condition ${JSON.stringify(expression)} is not supported locally; supported are Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition`,
      );
  }
}

/** The names of all stacks of a local run, in the order of `stacksOf`. */
export function scopesOf(assembly: Assembly, account: Account): readonly StackScope[] {
  const stacks = stacksOf(assembly);
  const outputs: Outputs = {
    imported(exportName) {
      for (const [index, { template }] of stacks.entries())
        for (const { Value: value, Export: exported } of Object.values(template.Outputs)) {
          const scope = scopes[index];
          if (scope && exported && resolve(exported.Name, scope) === exportName)
            return resolve(value, scope);
        }
      throw new UnsupportedError(`no stack that runs here exports ${exportName}`);
    },
    output(stackName, name) {
      const index = stacks.findIndex((stack) => stack.stackName === stackName);
      const value = stacks[index]?.template.Outputs[name]?.Value;
      const scope = scopes[index];
      if (value === undefined || scope === undefined)
        throw new UnsupportedError(`no stack ${stackName} with the output ${name} runs here`);
      return resolve(value, scope);
    },
  };
  const scopes = stacks.map(({ stackName, template }) =>
    scopeOf(template, { ...account, stackName }, outputs),
  );
  return scopes;
}

type Outputs = Pick<Scope, 'imported' | 'output'>;

/** The names of a template in an account. A resource is named when something first refers to it. */
function scopeOf(template: Template, account: Account, outputs: Outputs): StackScope {
  const identities = new Map<string, Identity>();

  const identityOf = (logicalId: string): Identity => {
    const known = identities.get(logicalId);
    if (known !== undefined) return known;
    const resource = template.Resources[logicalId];
    if (resource === undefined)
      throw new Error(`the template refers to ${logicalId}, which it does not define`);
    const identify = IDENTITIES[resource.Type] ?? identifyUnknown(resource.Type);
    const property = (name: string): string | undefined => {
      const value = resolve(resource.Properties[name], scope);
      return value === undefined ? undefined : String(value);
    };
    const identity = identify({ logicalId, account, property });
    identities.set(logicalId, identity);
    return identity;
  };

  const scope: Scope = {
    ...outputs,
    reference(name) {
      const pseudo = pseudoParameter(account, name);
      if (pseudo !== undefined) return pseudo;
      if (!(name in template.Parameters)) return identityOf(name).ref;
      const value = template.Parameters[name]?.Default;
      if (value === undefined)
        throw new Error(
          `the parameter ${name} has no default, and a local run cannot set parameters`,
        );
      return value;
    },
    attribute(logicalId, name) {
      const identity = identityOf(logicalId);
      const value = identity.attributes[name];
      if (value !== undefined) return value;
      const { Type: type = '' } = template.Resources[logicalId] ?? {};
      if (!(type in IDENTITIES)) return `${identity.name}.${name}`;
      throw new Error(`the attribute ${name} of ${logicalId} (${type}) is not supported locally`);
    },
    condition(name) {
      if (!(name in template.Conditions))
        throw new Error(`the template refers to the condition ${name}, which it does not define`);
      return holds(template.Conditions[name], scope);
    },
  };
  return { ...scope, identityOf };
}
