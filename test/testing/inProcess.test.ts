import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { fileObjects } from '../../inProcess/fileObjects.ts';
import { objectStoreContract } from '../../testing/index.ts';
import { runCases, subjectOf } from '../support/contracts.ts';

describe('files', () => {
  runCases(
    objectStoreContract(
      subjectOf(() => {
        const directory = mkdtempSync(join(tmpdir(), 'contract-'));
        return {
          open: () => fileObjects(directory),
          close: async () => rmSync(directory, { recursive: true, force: true }),
        };
      }),
    ),
  );
});
