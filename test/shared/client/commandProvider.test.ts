import { expect, it } from 'vitest';
import { commandProvider } from '../../../shared/client/commands.ts';
import type { HandlerConnection } from '../../../shared/client/connection.ts';
import type { ProviderState } from '../../../shared/quota/providerState.ts';

/** A directory whose program has ended, after it carried out what was sent or before. */
function ended(isCarriedOut: boolean) {
  let state: ProviderState = { schemaVersion: 1, provider: 'openai', version: 0 };
  const connection = {
    handler: { name: './batches', providers: ['openai'] },
    process: { running: async () => [] },
    providerStates: { get: async () => state },
    queues: {
      async send() {
        const lastCommand = { action: 'pause', sentAt: 1, messageId: 'm1' } as const;
        if (isCarriedOut) state = { ...state, lastCommand };
        return 'm1';
      },
    },
  };
  return connection as unknown as HandlerConnection;
}

it('is done although the program that has carried it out has ended since', async () => {
  await expect(commandProvider(ended(true), 'pause', 'openai')).resolves.toBeUndefined();
});

it('is an error where no program can carry it out', async () => {
  const paused = commandProvider(ended(false), 'pause', 'openai');
  await expect(paused).rejects.toMatchObject({
    code: 'not_running',
    message: expect.stringContaining('pause of openai is sent'),
  });
});
