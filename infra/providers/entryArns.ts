import { Lazy, Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

/** One environment variable of a function that has an ARN for each of some provider entries. */
export class EntryArns {
  readonly #reader: lambda.Function;
  readonly #variable: string;
  readonly #arns: Record<string, string> = {};

  constructor(reader: lambda.Function, variable: string) {
    this.#reader = reader;
    this.#variable = variable;
  }

  add(entry: string, arn: string): void {
    this.#arns[entry] = arn;
    // A function that no entry concerns has no variable. The text is made when all are known.
    const produce = () => Stack.of(this.#reader).toJsonString(this.#arns);
    this.#reader.addEnvironment(this.#variable, Lazy.string({ produce }));
  }
}
