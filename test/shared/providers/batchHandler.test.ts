import { compatible } from '../../../shared/providers/compatible/description.ts';
import { connectCompatible } from '../../../shared/providers/compatible/index.ts';
import { API_KEY, simulateBatchHandler } from './batchHandler/simulation.ts';
import { providerContract } from './contract.ts';
import { entryAt } from './entry.ts';
import { OPENAI_API } from './openai/simulation.ts';

/**
 * Where the last job of the handler behind ended does not matter to its batch: what it left unfinished has
 * error rows, and the batch is completed.
 */
const ENDED_EARLY = { kind: 'completed', least: 1, most: 19, leastRows: 20 } as const;
const NOTHING_RUN = { kind: 'completed', least: 0, most: 0, leastRows: 20 } as const;

providerContract({
  name: 'Batch Handler in front of Batch Handler',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  request: (customId) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say a word.' }] },
  }),
  start: (options) =>
    simulateBatchHandler(options, (baseUrl) =>
      connectCompatible(entryAt(compatible, { baseUrl, secret: API_KEY })),
    ),
  ...OPENAI_API,
  createRefusals: [[429, 'insufficient_quota', 'account']],
  endings: {
    expired: ENDED_EARLY,
    cancelled: ENDED_EARLY,
    failed_invalid: NOTHING_RUN,
    failed_quota: 'never',
  },
  // A batch waits in the queue of the handler behind.
  isNeverFull: true,
});
