import { useState } from 'react';
import type { Command } from '../../shared/client/commands.ts';
import { COMMANDS, type CommandTarget, planCommand } from '../../shared/console/commandRules.ts';
import { useHandler } from '../handler.ts';
import { CommandDialog } from './commandDialog.tsx';

interface BatchCommandsProps {
  /** The rows of the batches, one or more. */
  readonly batches: readonly CommandTarget[];
}

/**
 * Buttons that cancel, retry and redeliver batches, each after a confirmation that says what it does and
 * costs. Of one batch, only those that are possible; of a server that changes nothing, none.
 */
export function BatchCommands({ batches }: BatchCommandsProps) {
  const { isReadOnly } = useHandler();
  // Those of the moment of the click: a dialog keeps its text while the batches change.
  const [asked, setAsked] = useState<{ command: Command; batches: readonly CommandTarget[] }>();
  if (isReadOnly) return null;
  const isOffered = (command: Command): boolean =>
    batches.length > 1 || planCommand(command, batches).possible.length > 0;
  return (
    <>
      {COMMANDS.filter(isOffered).map((command) => (
        <button key={command} type="button" onClick={() => setAsked({ command, batches })}>
          {LABELS[command]}…
        </button>
      ))}
      {asked && <CommandDialog {...asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

const LABELS: Readonly<Record<Command, string>> = {
  cancel: 'Cancel',
  retry: 'Retry',
  redeliver: 'Redeliver',
};
