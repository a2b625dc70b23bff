import { writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { StatementSync } from 'node:sqlite';

const SWEEP_LOCK = 'lock#sweep';

/** Where a process ends: before or after what it does as the n-th. */
export interface Kill {
  readonly number: number;
  readonly moment: 'before' | 'after';
}

/**
 * Counts all that this process leaves behind in the world: each write to SQLite, each file that gets its name,
 * each call of a provider. At one of them, the process kills itself, as `kill -9` does. The lease of the sweep
 * does not count: every sweep takes it, whether it does anything or not.
 *
 * @param report a file that is told what the process was killed at, or how much it did if it was not
 */
export function killAt(kill: Kill | undefined, report: string): void {
  let count = 0;
  const end = (moment: Kill['moment'], number: number, what: string): void => {
    if (kill?.number !== number || kill.moment !== moment) return;
    writeFileSync(report, what);
    process.kill(process.pid, 'SIGKILL');
    // The signal needs a moment, in which nothing more may happen.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  process.once('exit', () => writeFileSync(report, String(count)));

  const { run, get } = StatementSync.prototype;
  StatementSync.prototype.run = function (this: StatementSync, ...given: unknown[]) {
    if (given[0] === SWEEP_LOCK) return Reflect.apply(run, this, given);
    const what = `${this.sourceSQL.trim().slice(0, 20)} ${String(given[0]).slice(0, 40)}`;
    const number = ++count;
    end('before', number, what);
    const result = Reflect.apply(run, this, given);
    end('after', number, what);
    return result;
  } as typeof run;
  StatementSync.prototype.get = function (this: StatementSync, ...given: unknown[]) {
    const found = Reflect.apply(get, this, given);
    // A receive that finds nothing writes nothing.
    if (found !== undefined && this.sourceSQL.startsWith('UPDATE')) {
      const number = ++count;
      end('before', number, 'receive');
      end('after', number, 'receive');
    }
    return found;
  } as typeof get;

  const { rename } = promises;
  promises.rename = async (from, to) => {
    const number = ++count;
    end('before', number, `rename ${to}`);
    await rename(from, to);
    end('after', number, `rename ${to}`);
  };
  syncBuiltinESMExports();

  const realFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const what = `${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`;
    const number = ++count;
    end('before', number, what);
    const response = await realFetch(input, init);
    end('after', number, what);
    return response;
  };
}
