import assert from 'node:assert/strict';

/** One duty of a port, as a test of any runner: `for (const { name, run } of cases) test(name, run)`. */
export interface ContractCase {
  /** The port, its method and the duty, such as `BatchStore.create: writes a new record once`. */
  readonly name: string;
  /**
   * Makes an implementation of its own and examines it.
   *
   * @throws AssertionError that names the duty, what was expected and what came
   */
  run(): Promise<void>;
}

/** How a suite gets the implementation that it examines. */
export interface Subject<T> {
  /** Makes an implementation on empty storage, which no other case uses. */
  create(): Promise<T>;
  /** Another connection to the same storage, as another process has it. Default: the same object. */
  reopen?(first: T): Promise<T>;
  /**
   * A connection to the same storage through a network that loses the reply of each write once, so that
   * its client repeats the write. The cases of lost replies are left out without it.
   */
  losingReplies?(first: T): Promise<T>;
  /** Called when a case is over, also after a failure. */
  close?(first: T): Promise<void>;
}

/** What a duty examines. */
export interface Given<T> {
  readonly first: T;
  /** The same storage, as another process sees it. */
  readonly other: T;
}

/** A duty of one method. */
export interface Duty<G> {
  readonly method: string;
  /** What the method does, as a verb and its objects. */
  readonly does: string;
  check(given: G): Promise<void>;
}

/** The cases of a port: its duties, and those about lost replies if the subject can lose any. */
export function contractOf<T>(
  port: string,
  subject: Subject<T>,
  duties: readonly Duty<Given<T>>[],
  lostReplyDuties: readonly Duty<Given<T> & { readonly losing: T }>[],
): ContractCase[] {
  return [...casesOf(port, subject, duties), ...casesOfLostReplies(port, subject, lostReplyDuties)];
}

/** The cases of a port whose duties need one or two connections. */
export function casesOf<T>(
  port: string,
  subject: Subject<T>,
  duties: readonly Duty<Given<T>>[],
): ContractCase[] {
  return duties.map((duty) =>
    caseOf(port, subject, duty, async (first) => {
      const other = (await subject.reopen?.(first)) ?? first;
      await duty.check({ first, other });
    }),
  );
}

/** The cases of a port whose duties are about lost replies; none if the subject can lose none. */
function casesOfLostReplies<T>(
  port: string,
  subject: Subject<T>,
  duties: readonly Duty<Given<T> & { readonly losing: T }>[],
): ContractCase[] {
  const { losingReplies } = subject;
  if (!losingReplies) return [];
  return duties.map((duty) =>
    caseOf(port, subject, duty, async (first) => {
      const other = (await subject.reopen?.(first)) ?? first;
      const losing = await losingReplies.call(subject, first);
      await duty.check({ first, other, losing });
    }),
  );
}

function caseOf<T>(
  port: string,
  subject: Subject<T>,
  { method, does }: Pick<Duty<never>, 'method' | 'does'>,
  check: (first: T) => Promise<void>,
): ContractCase {
  const name = `${port}.${method}: ${does}`;
  return {
    name,
    async run() {
      const first = await subject.create();
      try {
        await check(first);
      } catch (error) {
        throw named(name, error);
      } finally {
        await subject.close?.(first);
      }
    },
  };
}

/** The failure with the duty before it, so that it reads by itself in any runner. */
function named(name: string, error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  const message = `the duty "${name}" is not met.\n${text}`;
  if (!(error instanceof assert.AssertionError)) return new Error(message, { cause: error });
  const { actual, expected } = error;
  return new assert.AssertionError({ message, actual, expected, operator: OPERATOR });
}

/** Not one of Node's: for those, Node adds the difference to a message that has it already. */
const OPERATOR = 'contract';

/**
 * Compares values as records are compared: what is `undefined` is absent, and prototypes do not count.
 *
 * @param what was returned or read, for the failure
 */
export function same(what: string, actual: unknown, expected: unknown): void {
  const [came, wanted] = [plain(actual), plain(expected)];
  try {
    assert.deepEqual(came, wanted);
  } catch (error) {
    const difference = error instanceof Error ? error.message : String(error);
    const message = `${what}: not what was expected.\n${difference}`;
    throw new assert.AssertionError({
      ...{ message, actual: came, expected: wanted },
      operator: OPERATOR,
    });
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([key, each]) => [key, plain(each)]));
}

/**
 * Waits until something stale has caught up, and fails if it has not in ten seconds: an index may show
 * a write late, and a queue may deliver late.
 */
export async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + EVENTUALLY_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
const EVENTUALLY_MS = 10_000;
const POLL_MS = 20;

/**
 * The error that a call throws.
 *
 * @throws AssertionError if it throws none, or one of another class
 */
export async function thrownBy<E extends Error>(
  what: string,
  call: () => Promise<unknown>,
  kind: new (...args: never[]) => E,
): Promise<E> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    if (error instanceof kind) return error;
    const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new assert.AssertionError({
      message: `${what} threw ${name}, not ${kind.name === 'Error' ? 'an Error' : `a ${kind.name}`}`,
      actual: error,
    });
  }
  throw new assert.AssertionError({
    message: `${what} returned ${shown(result)}, where it must throw ${kind.name}`,
    actual: result,
  });
}

/** How often each value came, to compare the outcomes of a race. */
export function countsOf(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function shown(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value).slice(0, 200);
}
