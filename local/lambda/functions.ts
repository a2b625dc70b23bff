import type { LambdaFunction } from './lambdaFunction.ts';

/** A function as a caller named it. */
export interface Target {
  readonly lambda: LambdaFunction;
  readonly qualifier: string;
  readonly arn: string;
}

/** The deployed functions, found by name, by ARN, and by either with a qualifier behind it. */
export interface Functions {
  /** Undefined if there is no such function. */
  find(nameOrArn: string, qualifier?: string): Target | undefined;
}

const ARN = /^arn:[^:]+:lambda:[^:]+:\d+:function:/;

export function indexFunctions(functions: readonly LambdaFunction[]): Functions {
  const byName = new Map(functions.map((lambda) => [lambda.name, lambda]));
  return {
    find(nameOrArn, qualifier) {
      const [name = '', inName] = nameOrArn.replace(ARN, '').split(':');
      const lambda = byName.get(name);
      if (lambda === undefined) return undefined;
      const wanted = qualifier ?? inName;
      return {
        lambda,
        qualifier: wanted ?? '$LATEST',
        arn: wanted === undefined ? lambda.arn : `${lambda.arn}:${wanted}`,
      };
    },
  };
}
