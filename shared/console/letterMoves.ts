import type { MoveProgress, QueueName } from '../batch/clientPorts.ts';
import { messageOf } from '../batch/errors.ts';
import { moveEndText, moveText } from '../operations/deadLetters.ts';
import type { ConsolePorts } from './ports.ts';

/** A move of the dead letters of a queue back to it. */
export interface LetterMove {
  readonly queue: QueueName;
  readonly isRunning: boolean;
  readonly hasFailed: boolean;
  readonly moved: number;
  /** Approximate number of messages to move; null if it is not known. */
  readonly toMove: number | null;
  /** How far it is or how it has ended, for people. */
  readonly text: string;
  /** When it ended, in ISO 8601. Null while it runs. */
  readonly endedAt: string | null;
}

type MovePorts = Pick<ConsolePorts, 'client' | 'explain' | 'log' | 'now'>;

/**
 * Moves dead letters back, one move of a queue at a time. A move goes on although the page that began it is
 * closed.
 */
export class LetterMoves {
  readonly #ports: MovePorts;
  readonly #onChange: (move: LetterMove) => void;
  readonly #moves = new Map<QueueName, LetterMove>();

  /** @param onChange called as a move goes on, and when it has ended */
  constructor(ports: MovePorts, onChange: (move: LetterMove) => void) {
    this.#ports = ports;
    this.#onChange = onChange;
  }

  /** The last move of each queue. */
  all(): readonly LetterMove[] {
    return [...this.#moves.values()];
  }

  /** Begins to move the dead letters of a queue, unless that is being done. */
  start(queue: QueueName): LetterMove {
    const present = this.#moves.get(queue);
    if (present?.isRunning) return present;
    const begun: LetterMove = {
      ...{ queue, isRunning: true, hasFailed: false, moved: 0, toMove: null },
      ...{ text: 'it begins', endedAt: null },
    };
    this.#put(begun);
    void this.#follow(queue);
    return begun;
  }

  async #follow(queue: QueueName): Promise<void> {
    let last: MoveProgress | undefined;
    try {
      for await (const progress of this.#ports.client.connection.queues.redrive(queue)) {
        last = progress;
        const { moved, toMove } = progress;
        if (progress.status === 'running')
          this.#put({
            ...{ queue, isRunning: true, hasFailed: false, moved, toMove },
            ...{ text: moveText(progress), endedAt: null },
          });
      }
      this.#end(queue, last, last?.status !== 'completed', moveEndText(last));
    } catch (error) {
      this.#ports.log.error('dead letters were not moved', { queue, error: messageOf(error) });
      this.#end(queue, last, true, this.#ports.explain(error));
    }
  }

  #end(queue: QueueName, last: MoveProgress | undefined, hasFailed: boolean, text: string): void {
    const { moved = 0, toMove = null } = last ?? {};
    const endedAt = new Date(this.#ports.now()).toISOString();
    this.#put({ queue, isRunning: false, hasFailed, moved, toMove, text, endedAt });
  }

  #put(move: LetterMove): void {
    this.#moves.set(move.queue, move);
    this.#onChange(move);
  }
}
