/** A process that can die at any of its calls. From then on none of them has an effect. */
export function fatalCalls() {
  let calls = 0;
  let fatal: { readonly call: number; readonly moment: 'before' | 'after' } | undefined;
  let isDead = false;

  async function call<T>(make: () => Promise<T>): Promise<T> {
    calls += 1;
    const isFatal = fatal?.call === calls;
    if (isDead || (isFatal && fatal?.moment === 'before')) {
      isDead = true;
      throw new Error('the process died');
    }
    const result = await make();
    if (!isFatal && !isDead) return result;
    isDead = true;
    throw new Error('the process died');
  }

  return {
    call,
    calls: () => calls,
    dieAt(at: number, moment: 'before' | 'after'): void {
      fatal = { call: at, moment };
    },
    /** A new process, if this one is dead. */
    restart(): boolean {
      const wasDead = isDead;
      isDead = false;
      return wasDead;
    },
    /** The port, with each of its methods as a call. */
    guard<T extends object>(port: T): T {
      return new Proxy(port, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== 'function') return member;
          return (...values: unknown[]) => call(() => member.apply(target, values));
        },
      });
    },
  };
}
