import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { consolePage } from '../../shared/operations/consolePage.ts';

/** What a browser takes of all screens together. */
const MAX_COMPRESSED_BYTES = 300_000;

let directory: string;
let files: readonly string[];
beforeAll(async () => {
  directory = await consolePage();
  files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
});

describe('the built page', () => {
  it('is small', () => {
    const sizes = files
      .filter((path) => !path.endsWith('licenses.md'))
      .map((path) => gzipSync(readFileSync(path)).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    process.stdout.write(`the console's page has ${total} bytes, compressed by gzip\n`);
    expect(total).toBeLessThanOrEqual(MAX_COMPRESSED_BYTES);
  });

  it('loads nothing but its own files, and has no script or style in its text', () => {
    const html = readFileSync(join(directory, 'index.html'), 'utf8');
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(addresses.length).toBeGreaterThan(2);
    expect(addresses.filter((address) => !address?.startsWith('/assets/'))).toEqual([]);
    expect(html).not.toMatch(/<style|style="|\son\w+=|<script(?![^>]*\bsrc=)/);
  });

  it('comes with the licenses of what is in it', () => {
    const licenses = readFileSync(join(directory, 'licenses.md'), 'utf8');
    for (const name of ['react', 'react-dom', '@tanstack/react-query', 'wouter', 'hono'])
      expect(licenses).toContain(name);
  });
});
