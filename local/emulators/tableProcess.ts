import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import dynalite from 'dynalite';
import { lockDirectory } from './directoryLock.ts';
import { announceReady, endWithParent } from './serviceProcess.ts';

/** Runs the DynamoDB emulator as a process of its own. */

const { directory } = JSON.parse(process.argv[2] ?? '{}') as { directory: string };
lockDirectory(directory);

/** A client that was slow would else send on a connection that has just been closed. Node's default is 5 seconds. */
const KEEP_ALIVE_MS = 120_000;

const server = dynalite({ path: join(directory, 'tables'), createTableMs: 0 });
server.keepAliveTimeout = KEEP_ALIVE_MS;
endWithParent(
  () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
);
server.listen(0, '127.0.0.1', () =>
  announceReady({ port: (server.address() as AddressInfo).port }),
);
