import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as sendOn,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { type Fault, FaultList, type Injection } from '../../../../simulators/engine/faults.ts';
import type { JournalEvent } from '../../../../simulators/engine/journal.ts';

/** A proxy before the S3 emulator that can inject faults, with a journal of the calls. */
export interface ObjectsProxy {
  readonly url: string;
  inject(injection: Injection): void;
  /** Objects that were written and deleted. */
  readonly events: readonly JournalEvent[];
  close(): Promise<void>;
}

/** @param target the emulator's base URL */
export async function startObjectsProxy(target: string): Promise<ObjectsProxy> {
  const faults = new FaultList();
  const events: JournalEvent[] = [];

  function note(method: string, fileId: string, status: number): void {
    const time = Date.now();
    if (method === 'PUT' && status === 200)
      events.push({ time, event: 'uploaded', fileId, bytes: 0 });
    if (method === 'DELETE' && status === 204) events.push({ time, event: 'deleted', fileId });
  }

  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/' } = incoming;
    const [path = '/'] = url.split('?');
    const fault = faults.take(method, path);
    if (fault?.kind === 'reset') outgoing.destroy();
    else if (fault?.kind === 'status') refuse(incoming, outgoing, fault.status);
    else forward(target, incoming, outgoing, fault, (status) => note(method, path, status));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inject: (injection) => faults.inject(injection),
    events,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(incoming: IncomingMessage, outgoing: ServerResponse, status: number): void {
  incoming.resume().once('end', () => {
    outgoing.writeHead(status, { 'content-type': 'application/xml' });
    outgoing.end(`<Error><Code>Status${status}</Code><Message>injected</Message></Error>`);
  });
}

function forward(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined,
  done: (status: number) => void,
): void {
  const { method, url, headers } = incoming;
  const onward = sendOn(new URL(target), { method, path: url, headers }, async (reply) => {
    const { statusCode: status = 502 } = reply;
    done(status);
    outgoing.writeHead(status, reply.headers);
    if (fault?.kind !== 'cut') return void pipeline(reply, outgoing, () => {});
    // At a position of the object, so that a resumed download does not get past it.
    const from = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    let left = Math.max(0, fault.afterBytes - from);
    for await (const chunk of reply) {
      if (left > 0) outgoing.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) break;
    }
    outgoing.flushHeaders();
    outgoing.socket?.destroySoon();
  });
  onward.on('error', () => outgoing.destroy());
  pipeline(incoming, onward, () => {});
}
