import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

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

/** The message that a server process sends when it listens. */
export interface Listening {
  readonly url: string;
}

/** Listens on the loopback, tells the parent the URL, and ends this process with its parent. */
export async function listen(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.once('disconnect', () => process.exit(0));
  process.send?.({ url: `http://127.0.0.1:${port}` } satisfies Listening);
}
