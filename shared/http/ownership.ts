import type { Caller } from './ports.ts';

/**
 * Whether a caller may see and change what belongs to a tenant, or to none. All routes ask this
 * function; what it denies is answered as what does not exist.
 */
export function ownedBy(
  caller: Pick<Caller, 'tenant' | 'isOperator'>,
  { tenant }: { readonly tenant?: string | undefined },
): boolean {
  return caller.isOperator || caller.tenant === tenant;
}
