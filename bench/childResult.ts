import { readFileSync } from 'node:fs';

/** What this process was started with. */
export function optionsOf<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

/** Hands the measurement to the parent; nothing keeps this process alive after it. */
export function finish(result: object): void {
  process.send?.(result, () => process.exit(0));
}

/** The most memory that this process ever had, in bytes. */
export function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** What it has now. */
export function residentBytes(): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return kilobytes === undefined ? process.memoryUsage.rss() : Number(kilobytes) * 1024;
}
