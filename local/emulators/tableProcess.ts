import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import dynalite from 'dynalite';
import { lockDirectory } from './directoryLock.ts';
import { announceReady, endWithParent } from './serviceProcess.ts';

/** Runs the DynamoDB emulator as a process of its own. */

const { directory } = JSON.parse(process.argv[2] ?? '{}') as { directory: string };
lockDirectory(directory);

const server = dynalite({ path: join(directory, 'tables'), createTableMs: 0 });
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
