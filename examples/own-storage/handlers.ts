import { createHandlers, type RuntimePorts } from 'batch-handler/runtime';
import { createPool } from './pool.ts';
import { postgresTable } from './postgresTable.ts';

/** The command line reads batches by these: `npx batch-handler list --runtime handlers.ts`. */
export const ports: RuntimePorts = { items: () => postgresTable(createPool()) };

export const { intake, sweeper, worker, outcome } = createHandlers(ports);
