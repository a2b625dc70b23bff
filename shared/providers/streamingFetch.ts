import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import nodeFetch, { type RequestInit as NodeRequestInit } from 'node-fetch';

// A kept connection that the server is just closing would leave open whether a create call arrived.
const AGENTS = {
  'http:': new HttpAgent({ keepAlive: false }),
  'https:': new HttpsAgent({ keepAlive: false }),
};

/**
 * For SDKs' uploads and create calls, each on a connection of its own. Node's own fetch holds a
 * whole request body in memory; this one streams it.
 */
export const streamingFetch: typeof fetch = (url, init) =>
  nodeFetch(String(url), {
    // The two libraries' types of the same web standards do not match.
    ...(init as NodeRequestInit),
    agent: ({ protocol }) => AGENTS[protocol as keyof typeof AGENTS],
  }) as unknown as Promise<Response>;
