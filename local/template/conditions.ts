import { resolve, type Scope } from './intrinsics.ts';
import { UnsupportedError } from './template.ts';

/**
 * Whether an expression of the template's `Conditions` holds.
 *
 * @throws UnsupportedError for a function that is no condition function
 */
export function holds(expression: unknown, scope: Scope): boolean {
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
