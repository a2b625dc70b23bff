import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificate.ts';

/** The message that a server process sends when it listens. */
export interface Listening {
  readonly url: string;
}

/** Options of every server process. */
export interface ServerOptions {
  /** Default: it speaks HTTP. */
  readonly tls?: Certificate | undefined;
}

/** Bytes that a response holds before its source has to wait. */
const HIGH_WATER_MARK = 1024 * 1024;

/** Listens on the loopback, tells the parent the URL, and ends this process with its parent. */
export async function listen({ tls }: ServerOptions, answer: RequestListener): Promise<void> {
  const options = { highWaterMark: HIGH_WATER_MARK };
  const server = tls
    ? createTlsServer({ ...options, ...tls }, answer)
    : createServer(options, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.once('disconnect', () => process.exit(0));
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  process.send?.({ url } satisfies Listening);
}
