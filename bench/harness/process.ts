import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

/** The options that the parent started this process with. */
export function optionsOf<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Sends the measurement to the parent and ends this process. */
export function finish(result: object): void {
  process.send?.(result, () => process.exit(0));
}

/** The most memory that this process has ever held, in bytes. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** The memory that this process holds now, in bytes. */
export function residentBytes(): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return kilobytes === undefined ? process.memoryUsage.rss() : Number(kilobytes) * 1024;
}

/** What some work took of its process. */
export interface Used {
  /** From its begin to its end. */
  readonly milliseconds: number;
  /** On a CPU, of all threads, in the process and in the kernel. */
  readonly cpuMilliseconds: number;
}

/** Does the work and returns what it took. */
export async function used(work: () => Promise<unknown>): Promise<Used> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  const milliseconds = performance.now() - startedAt;
  return { milliseconds, cpuMilliseconds: (user + system) / 1000 };
}

/** Does the work and returns for how long it stood still for garbage collection, in milliseconds. */
export async function collectionPauses(work: () => Promise<unknown>): Promise<number> {
  let milliseconds = 0;
  const add = (entries: readonly { readonly duration: number }[]) => {
    for (const { duration } of entries) milliseconds += duration;
  };
  const observer = new PerformanceObserver((list) => add(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  await work();
  add(observer.takeRecords());
  observer.disconnect();
  return milliseconds;
}
