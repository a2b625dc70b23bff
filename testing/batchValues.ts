import type { BatchStore } from '../shared/batch/ports.ts';
import { nextOf, sampleBatch } from './batches.ts';
import { type Duty, type Given, same } from './contract.ts';

/** Texts that storage is known to change, cut or refuse. */
export const ODD_TEXTS = {
  empty: '',
  emoji: '👩‍👩‍👧 ü ﷽ \u202e',
  controls: 'tab\t line\n return\r bell\u0007 nul\u0000',
  quotes: `'; DROP TABLE batches; -- " \\ $1 %s {}`,
  noncharacter: '\uffff \ufdd0',
} as const;

export const valueDuties: readonly Duty<Given<BatchStore>>[] = [
  {
    method: 'get',
    does: 'returns odd texts, numbers at the bounds and nested values as they were written',
    async check({ first, other }) {
      const options = {
        ...{ least: Number.MIN_VALUE, most: Number.MAX_VALUE, safe: Number.MAX_SAFE_INTEGER },
        ...{ tenth: 0.1, negative: -1e-7, no: false, nothing: null, none: [], nested: [[{}]] },
        ...{ odd: Object.values(ODD_TEXTS), constructor: 'c', toString: '' },
      };
      const batch = sampleBatch({ spec: { metadata: ODD_TEXTS, options, priority: -500 } });
      same('create', await first.create(batch), 'written');
      same('the record', await other.get('b1'), batch);
      const next = nextOf(batch, 3);
      same('replace', await other.replace(next), 'written');
      same('the record of the next version', await first.get('b1'), next);
    },
  },
  {
    method: 'replace',
    does: 'stores a record of 38 KB',
    async check({ first, other }) {
      await first.create(sampleBatch());
      const options = { text: 'ü'.repeat(18_000) };
      const large = sampleBatch({ version: 1, spec: { options } });
      same('replace', await first.replace(large), 'written');
      same('the record', await other.get('b1'), large);
    },
  },
  {
    method: 'get',
    does: 'tells ids apart by every character, also by case, and knows the ids of parts',
    async check({ first }) {
      const ids = [
        'b1',
        'B1',
        'b1.',
        'b1_',
        'b1/1',
        'b1/1/1',
        'b1/11',
        'b-1',
        '1',
        `${'x'.repeat(100)}/1`,
      ];
      for (const [sends, batchId] of ids.entries())
        same(
          `create of ${batchId}`,
          await first.create(sampleBatch({ batchId, sends })),
          'written',
        );
      for (const [sends, batchId] of ids.entries()) {
        const { sends: stored } = (await first.get(batchId)) ?? {};
        same(`the record ${batchId}`, stored, sends);
      }
    },
  },
];
