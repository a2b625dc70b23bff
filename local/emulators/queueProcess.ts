import { Server } from 'node:net';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { LOCAL_REGION } from '../template/account.ts';
import { dropTornFiles, lockDirectory } from './directoryLock.ts';
import { announceReady, endWithParent } from './serviceProcess.ts';

/** Runs the SQS and S3 emulator as a process of its own, because it holds whole objects in memory. */

const { directory } = JSON.parse(process.argv[2] ?? '{}') as { directory: string };
lockDirectory(directory);
const objectDirectory = join(directory, 'objects');
dropTornFiles(objectDirectory);

// fauxqs listens on every interface and checks no signature, so this restricts it to the loopback.
const listen = Server.prototype.listen as (this: Server, ...args: unknown[]) => Server;
Server.prototype.listen = function (this: Server, options: unknown, ...rest: unknown[]): Server {
  return listen.call(this, { ...(options as object), host: '127.0.0.1' }, ...rest);
};

const server = await startFauxqs({
  port: 0,
  logger: false,
  defaultRegion: LOCAL_REGION,
  dataDir: join(directory, 'queues'),
  s3StorageDir: objectDirectory,
});
endWithParent(() => server.stop());
announceReady({ port: server.port });
