/** Lost races after which a change is given up. */
const MAX_CONFLICTS = 20;

/** Where a state is kept that several writers change. */
interface StateStore<S> {
  /** A strongly consistent read. */
  get(name: string): Promise<S>;
  /** Writes the state if the stored one has `version - 1`. */
  replace(state: S): Promise<'written' | 'conflict'>;
}

/**
 * Changes a state: reads it, applies the change and writes it, again and again until no other writer has
 * come in between.
 *
 * @param of whose state it is: what it is called by in the error, and its name in the store
 * @param change returns its argument if there is nothing to change
 * @returns the state as it is now
 * @throws Error after 20 lost races in a row
 */
export async function updateState<S extends { readonly version: number }>(
  store: StateStore<S>,
  { what, name }: { readonly what: string; readonly name: string },
  change: (state: S) => S,
): Promise<S> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const state = await store.get(name);
    const changed = change(state);
    if (changed === state) return state;
    const next = { ...changed, version: state.version + 1 };
    if ((await store.replace(next)) === 'written') return next;
  }
  throw new Error(`the state of ${what} ${name} met another writer ${MAX_CONFLICTS} times`);
}
