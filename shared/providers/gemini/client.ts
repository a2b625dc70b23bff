import { classifierOf } from '../google/classify.ts';
import { isAboutMissing } from '../google/codes.ts';
import { connectRest, type Rest } from '../google/rest.ts';

export interface Connection {
  readonly apiKey: string;
  /** Without the version. Default: Google's public endpoint. */
  readonly baseUrl?: string | undefined;
}

/** The Gemini API under one key. */
export interface Client {
  readonly rest: Rest;
  /** Of a path that begins with a slash. */
  url(path: string): string;
}

const PUBLIC_BASE_URL = 'https://generativelanguage.googleapis.com';
/** Of the documentation of batch jobs: https://ai.google.dev/gemini-api/docs/batch-api */
export const VERSION = 'v1beta';

export function connectClient({ apiKey, baseUrl = PUBLIC_BASE_URL }: Connection): Client {
  const base = baseUrl.replace(/\/+$/, '');
  return {
    // In a header: URLs are logged.
    rest: connectRest(async () => ({ 'x-goog-api-key': apiKey })),
    url: (path) => base + path,
  };
}

/** What a failed call means. */
export const classify = classifierOf('Gemini', {
  when: ({ status, message }) => status === 404 || isAboutMissing(message),
  upload: 'permanent',
  create: 'permanent',
  read: 'missing',
});
