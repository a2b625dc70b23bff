import { STATUSES } from '../shared/batch/status.ts';
import type { Handler } from '../shared/client/index.ts';
import type { KeptResource } from '../shared/operations/drain/kept.ts';
import type { Outstanding } from '../shared/operations/drain/outstanding.ts';
import { countText } from './text.ts';

/** What a handler has still to do, in one line. */
export function outstandingText(outstanding: Outstanding): string {
  const { open, cancelling, byStatus, owing, gathering, messages, unreadable, examples } =
    outstanding;
  const statuses = STATUSES.flatMap((status) => {
    const count = byStatus[status];
    return count === undefined ? [] : [`${countText(count)} ${status}`];
  });
  const parts = [
    open > 0 ? `${countText(open)} open (${statuses.join(', ')})` : '',
    cancelling > 0 ? `${countText(cancelling)} asked to end` : '',
    owing > 0 ? `${countText(owing)} owe an event or the deletion of files` : '',
    gathering > 0 ? `${countText(gathering)} gather single requests` : '',
    messages > 0 ? `${countText(messages)} messages in the queues` : '',
    unreadable > 0 ? `${countText(unreadable)} cannot be read` : '',
  ].filter((part) => part !== '');
  if (parts.length === 0) return 'nothing is open';
  const named = open > 0 && open <= examples.length ? `: ${examples.join(', ')}` : '';
  return parts.join(', ') + named;
}

/** What the removal of the stack leaves, and what goes with it. */
export function keptLines(
  { stack, path, providers }: Pick<Handler, 'stack' | 'path' | 'providers'>,
  { kept, deadLetters }: { readonly kept: readonly KeptResource[]; readonly deadLetters: number },
): readonly string[] {
  const lost =
    deadLetters > 0
      ? [`${countText(deadLetters)} dead letters go with it (batch-handler redrive shows them)`]
      : [];
  const stays =
    kept.length === 0
      ? ['it keeps nothing: table, bucket, secrets and logs are deleted with it']
      : ['it keeps what follows; to delete that too, and for good:'];
  return [
    `cdk destroy can remove stack ${stack} now (or take ${path} out of its app and deploy)`,
    ...lost,
    ...stays,
    ...kept.map(({ command }) => `  ${command}`),
    `to go on instead: ${providers.map((name) => `batch-handler resume ${name}`).join('; ')}`,
  ];
}
