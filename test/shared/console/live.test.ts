import { describe, expect, it } from 'vitest';
import { LiveHub, liveRoutes } from '../../../shared/console/live.ts';
import type { BatchMirror } from '../../../shared/console/mirror.ts';

function given() {
  let listening = 0;
  const ended = new AbortController();
  const hub = new LiveHub();
  const mirror = {
    listen() {
      listening += 1;
      return () => {
        listening -= 1;
      };
    },
  } as unknown as BatchMirror;
  const words = { explain: String, hint: (text: string) => text };
  const app = liveRoutes({ mirror, hub, ended: ended.signal, ...words });
  return { app, hub, ended, listening: () => listening };
}

describe('the stream of the console', () => {
  it('ends for a page that takes nothing, and not for one that keeps up', async () => {
    const { app, hub, listening } = given();
    const slow = await app.request('/live');
    const quick = await app.request('/live');
    expect(listening()).toBe(2);
    const reader = quick.body?.getReader();
    let read = await reader?.read();
    for (let told = 0; told < 300; told++) {
      hub.tell({ type: 'changed', what: 'uploads' });
      read = await reader?.read();
    }
    expect(read?.done).toBe(false);
    expect(listening()).toBe(1);
    await reader?.cancel();
    await expect.poll(listening).toBe(0);
    expect(slow.status).toBe(200);
  });

  it('ends with the server, which would wait for it otherwise', async () => {
    const { app, ended, listening } = given();
    const { body } = await app.request('/live');
    const whole = body && new Response(body).text();
    await expect.poll(listening).toBe(1);
    ended.abort();
    expect(await whole).toBe(': here\n\n');
    expect(listening()).toBe(0);
  });
});
