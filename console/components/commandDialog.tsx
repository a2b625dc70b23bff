import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Command } from '../../shared/client/commands.ts';
import {
  type CommandPlan,
  type CommandTarget,
  planCommand,
} from '../../shared/console/commandRules.ts';
import type { CommandResult } from '../../shared/console/sendCommands.ts';
import { answerOf, api } from '../api.ts';
import { costText, countText } from '../format.ts';
import { Dialog } from './dialog.tsx';
import { Note } from './note.tsx';

/** Batches of one request, after which the dialog says how far it is. */
const AT_ONCE = 100;
/** Refused batches that are listed one by one. */
const MAX_LISTED = 20;

interface CommandDialogProps {
  readonly command: Command;
  readonly batches: readonly CommandTarget[];
  readonly onClose: () => void;
}

/** Says what a command does and costs, sends it once that is confirmed, and says what became of it. */
export function CommandDialog({ command, batches, onClose }: CommandDialogProps) {
  const plan = planCommand(command, batches);
  const { possible } = plan;
  const { send, results, stopped, error, state } = useSending(command, possible);
  const what =
    possible.length === 1 ? `batch ${possible[0]?.batchId}` : batchesText(possible.length);
  return (
    <Dialog
      title={`${TITLES[command]} ${possible.length === 0 ? 'batches' : what}`}
      onClose={onClose}
    >
      {state === 'asking' && <Explanation command={command} plan={plan} />}
      <div role="status">
        {state === 'sending' && (
          <p>
            Sending: {countText(results.length)} of {countText(possible.length)}. Closing this stops
            it; what was sent stays sent.
          </p>
        )}
        {state === 'done' && (
          <Results command={command} results={results} asked={possible.length} />
        )}
        {stopped !== undefined && <Note kind="problem">{stopped}</Note>}
      </div>
      {error && <Note kind="problem">{error.message}</Note>}
      <div className="row">
        {state === 'asking' && possible.length > 0 && (
          <button
            type="button"
            className={command === 'cancel' ? 'danger' : 'primary'}
            onClick={() => send()}
          >
            {TITLES[command]} {batchesText(possible.length)}
          </button>
        )}
        <button type="button" onClick={onClose}>
          {state === 'asking' && possible.length > 0 ? 'Leave as it is' : 'Close'}
        </button>
      </div>
    </Dialog>
  );
}

const TITLES: Readonly<Record<Command, string>> = {
  cancel: 'Cancel',
  retry: 'Retry',
  redeliver: 'Redeliver',
};

const PAST: Readonly<Record<Command, string>> = {
  cancel: 'cancelled',
  retry: 'retried',
  redeliver: 'redelivered',
};

function batchesText(count: number): string {
  return count === 1 ? '1 batch' : `${countText(count)} batches`;
}

function Explanation({ command, plan }: { readonly command: Command; readonly plan: CommandPlan }) {
  const { possible, leftOut } = plan;
  const left = [...leftOut.values()].reduce((sum, count) => sum + count, 0);
  return (
    <>
      <p>
        {possible.length === 0
          ? `None of the batches that you chose can be ${PAST[command]}.`
          : effectText(command, plan)}
      </p>
      {left > 0 && (
        <>
          <p>{left === 1 ? '1 batch is left out:' : `${countText(left)} batches are left out:`}</p>
          <ul>
            {[...leftOut].map(([why, count]) => (
              <li key={why}>
                {countText(count)}: {why}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What the command does, and what it costs. */
function effectText(command: Command, plan: CommandPlan): string {
  const { possible, requests } = plan;
  const many = batchesText(possible.length);
  const isOne = possible.length === 1;
  if (command === 'cancel')
    return `${many} ${isOne ? 'ends' : 'end'} as cancelled, and can be retried later. ${isOne ? 'If a job of it' : 'Where a job'} runs, the handler cancels it at the provider: the rows that are finished are kept, and the provider bills them.`;
  if (command === 'redeliver')
    return `The processor is invoked again with the rows of ${many}. This costs no tokens.`;
  const run = requests === 1 ? '1 request that has' : `${countText(requests)} requests that have`;
  return `The ${run} failed or not finished in ${many} ${requests === 1 ? 'runs' : 'run'} again, for ${retryCostText(plan)}. The processor is then invoked again.`;
}

function retryCostText({ cost, unknownCosts, possible }: CommandPlan): string {
  if (cost === undefined) return 'a cost that is not known';
  const about = `about ${costText(cost)}`;
  if (unknownCosts === 0) return about;
  return `${about} and the cost of ${batchesText(unknownCosts)} of ${possible.length} that is not known`;
}

function Results({
  command,
  results,
  asked,
}: {
  readonly command: Command;
  readonly results: readonly CommandResult[];
  /** Batches that it was confirmed for. */
  readonly asked: number;
}) {
  const sent = results.filter(({ outcome }) => outcome === 'sent');
  const others = results.filter((result) => result.outcome !== 'sent');
  const left = asked - results.length;
  return (
    <>
      {sent.length > 0 && (
        <p>
          Sent for {batchesText(sent.length)}. The page shows {sent.length === 1 ? 'its' : 'their'}{' '}
          new status once the handler has carried it out.
        </p>
      )}
      {others.length > 0 && (
        <Note kind="problem">
          Not {PAST[command]}: {batchesText(others.length)}.
          <ul>
            {others.slice(0, MAX_LISTED).map(({ batchId, reason }) => (
              <li key={batchId}>
                {batchId}: {reason}
              </li>
            ))}
            {others.length > MAX_LISTED && (
              <li>and {countText(others.length - MAX_LISTED)} more</li>
            )}
          </ul>
        </Note>
      )}
      {left > 0 && (
        <Note kind="problem">
          {batchesText(left)} {left === 1 ? 'was' : 'were'} not reached, or nothing is known of{' '}
          {left === 1 ? 'it' : 'them'}: look at the table before you send it again.
        </Note>
      )}
    </>
  );
}

/** Sends in several requests, which end when the dialog is closed. */
function useSending(command: Command, batches: readonly CommandTarget[]) {
  const [results, setResults] = useState<readonly CommandResult[]>([]);
  const [stopped, setStopped] = useState<string>();
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
    };
  }, []);
  const { mutate, status, error } = useMutation({
    async mutationFn() {
      const ids = batches.map(({ batchId }) => batchId);
      for (let start = 0; start < ids.length && isOpen.current; start += AT_ONCE) {
        const batchIds = ids.slice(start, start + AT_ONCE);
        const answer = await answerOf(api.batches.commands.$post({ json: { command, batchIds } }));
        setResults((before) => [...before, ...answer.results]);
        setStopped(answer.stopped);
        if (answer.results.some(({ outcome }) => outcome === 'failed')) break;
      }
    },
  });
  const state: 'asking' | 'sending' | 'done' =
    status === 'idle' ? 'asking' : status === 'pending' ? 'sending' : 'done';
  return { send: () => mutate(), results, stopped, error, state };
}
