import { edit, type Mutation } from './mutation.ts';
import { ALL_GUARDS } from './schedule.ts';

const SHARDS = 'shared/usecases/sweep/shards.ts';
const guards = { ...ALL_GUARDS, sharding: true };

/** What holds while the number of shards changes. */
export const SHARD_MUTATIONS: readonly Mutation[] = [
  {
    name: 'every partition has an owner',
    guards,
    edits: [edit(SHARDS, 'partition % shards === shard;', 'partition === shard;')],
  },
  {
    name: 'the only shard looks for what several have written',
    guards,
    edits: [edit(SHARDS, '= looksForStrays ? all : usual;', '= usual;')],
  },
  {
    name: 'the coordinator takes what no shard takes',
    guards,
    edits: [
      edit(
        SHARDS,
        "COORDINATED: readonly Status[] = ['submitting']",
        'COORDINATED: readonly Status[] = []',
      ),
    ],
  },
];
