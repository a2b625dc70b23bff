import { once } from 'node:events';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../bench/harness/certificate.ts';

const certificate = selfSignedCertificate();
const server = createServer(certificate, (_, response) => response.end('answer'));

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

function status(trusted: readonly string[]): Promise<number | undefined> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, ca: [...trusted], agent: false as const };
    get(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
}

it('a client that trusts the certificate reaches the server by its address', async () => {
  expect(await status([certificate.cert])).toBe(200);
});

it('a client that trusts another one does not', async () => {
  const { cert } = selfSignedCertificate();
  await expect(status([cert])).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});
