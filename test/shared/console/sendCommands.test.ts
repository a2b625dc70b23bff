import { describe, expect, it } from 'vitest';
import type { BatchHandlerClient } from '../../../shared/client/client.ts';
import { ClientError } from '../../../shared/client/clientError.ts';
import { sendCommands } from '../../../shared/console/sendCommands.ts';

/** A client that sends what it is asked to, unless the id says otherwise. */
function given({ isRunning = true } = {}) {
  const asked: string[] = [];
  const followed: string[] = [];
  let atOnce = 0;
  let most = 0;
  const send = async (batchId: string) => {
    asked.push(batchId);
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    if (batchId.startsWith('refused'))
      throw new ClientError('not_possible', `cannot cancel batch ${batchId}: it is completed`);
    if (batchId.startsWith('lost')) throw new Error('the security token has expired');
    return { batchId, action: 'cancel', messageId: 'm' };
  };
  const running = async () => (isRunning ? [1] : []);
  const client = {
    ...{ cancel: send, handler: { name: '/data' }, connection: { process: { running } } },
  } as unknown as BatchHandlerClient;
  const ports = {
    client,
    mirror: { follow: (ids: readonly string[]) => void followed.push(...ids) },
    explain: (error: unknown) => `explained: ${String(error)}`,
    hint: (text: string) => text,
  } as unknown as Parameters<typeof sendCommands>[0];
  return { ports, asked, followed, most: () => most };
}

describe('a command that is sent for several batches', () => {
  it('is sent to each once, a few at a time, and what was sent is followed', async () => {
    const { ports, asked, followed, most } = given();
    const ids = Array.from({ length: 300 }, (_, n) => `batch-${n}`);
    const { results, stopped } = await sendCommands(ports, 'cancel', [...ids, 'batch-0']);
    expect(results).toEqual(ids.map((batchId) => ({ batchId, outcome: 'sent' })));
    expect(asked).toHaveLength(300);
    expect(most()).toBe(10);
    expect(followed).toEqual(ids);
    expect(stopped).toBeUndefined();
  });

  it('tells of each why it was refused, and is sent to the others', async () => {
    const { ports, followed } = given();
    const { results } = await sendCommands(ports, 'cancel', ['a', 'refused-1', 'b']);
    expect(results.map(({ outcome }) => outcome)).toEqual(['sent', 'refused', 'sent']);
    expect(results[1]).toHaveProperty(
      ...['reason', 'cannot cancel batch refused-1: it is completed'],
    );
    expect(followed).toEqual(['a', 'b']);
  });

  it('is not tried further once the handler cannot be reached', async () => {
    const { ports, asked } = given();
    const ids = Array.from({ length: 100 }, (_, n) => `lost-${n}`);
    const { results } = await sendCommands(ports, 'cancel', ids);
    expect(asked).toHaveLength(10);
    expect(results.every(({ outcome }) => outcome === 'failed')).toBe(true);
    expect(results[99]).toHaveProperty(
      ...['reason', 'explained: Error: the security token has expired'],
    );
  });

  it('says if nothing carries it out', async () => {
    const { ports } = given({ isRunning: false });
    expect((await sendCommands(ports, 'cancel', ['a'])).stopped).toContain('/data');
    expect((await sendCommands(ports, 'cancel', ['refused'])).stopped).toBeUndefined();
  });
});
