import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server in a process of its own says when it listens. */
export interface Listening {
  readonly url: string;
}

/** Listens on the loopback; as a process of its own, it ends with its parent. */
export async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}` };
}

export async function listenAsProcess(server: Server): Promise<void> {
  const listening = await listen(server);
  process.once('disconnect', () => process.exit(0));
  process.send?.(listening);
}
