import { describe, expect, it } from 'vitest';
import { type BatchesFilter, passing } from '../../../shared/console/batchFilter.ts';
import { batchNumber } from './support/countedClient.ts';

const BATCHES = [
  batchNumber(1, { tenant: 'shop', metadata: { team: 'a=b' } }),
  batchNumber(2, { status: 'running', provider: 'claude' }),
  batchNumber(3, { status: 'failed', metadata: { team: 'x', run: '' } }),
  batchNumber(14, { status: 'queued', tenant: 'support' }),
];
const found = (filter: BatchesFilter) =>
  BATCHES.filter(passing(filter)).map(({ batchId }) => Number(batchId.slice('batch-'.length)));

describe('the filter of the table', () => {
  it.each<[BatchesFilter, number[]]>([
    [{}, [1, 2, 3, 14]],
    [{ status: 'open' }, [2, 14]],
    [{ status: 'failed,completed' }, [1, 3]],
    [{ status: 'open,failed' }, [2, 3, 14]],
    [{ status: 'queued' }, [14]],
    [{ provider: 'claude' }, [2]],
    [{ tenant: 'shop' }, [1]],
    [{ metadata: 'team=a=b' }, [1]],
    [{ metadata: 'team' }, [1, 3]],
    [{ metadata: 'run=' }, [3]],
    [{ metadata: 'toString' }, []],
    [{ metadata: '=' }, [1, 2, 3, 14]],
    [{ since: '2027-01-01T00:00:03Z' }, [3, 14]],
    [{ until: '2027-01-01T00:00:03.000Z' }, [1, 2]],
    [{ since: '2027-01-01', until: '2027-01-02' }, [1, 2, 3, 14]],
    [{ id: 'BATCH-1' }, [1, 14]],
    [{ id: 'h-14', status: 'open', tenant: 'support' }, [14]],
    [{ id: 'h-14', tenant: 'shop' }, []],
  ])('%o lets pass %j', (filter, ids) => {
    expect(found(filter)).toEqual(ids);
  });
});
