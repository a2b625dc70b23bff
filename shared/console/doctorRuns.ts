import { messageOf } from '../batch/errors.ts';
import { omitUndefined } from '../omitUndefined.ts';
import type { Finding } from '../operations/check.ts';
import { type Fix, fixOf } from './fixes.ts';
import type { ConsolePorts } from './ports.ts';

/** A finding, with what the page can do about it. */
export interface ShownFinding extends Pick<Finding, 'check' | 'level' | 'what'> {
  /** What to do, as a sentence. */
  readonly advice?: string;
  readonly fix?: Fix;
}

/** What the doctor has found so far. */
export interface DoctorState {
  /** Whether it checks now, or is about to. Until a check has ended, its findings of the run before are shown. */
  readonly isRunning: boolean;
  /** When the last complete run ended, in ISO 8601. Absent if none has. */
  readonly checkedAt?: string;
  readonly findings: readonly ShownFinding[];
  /** Why the last run has ended early. */
  readonly failure?: string;
}

/** How long the findings of a run are taken for the present ones. */
const FRESH_MS = 60_000;
/** Something that changes all the time begins a run so long after the last one, and not sooner. */
const REST_MS = 5_000;

/** Yields the findings of one run. */
export type Diagnosis = () => AsyncIterable<Finding>;

/** Runs the doctor when somebody asks for its findings, never twice at a time. */
export class DoctorRuns {
  readonly #ports: Pick<ConsolePorts, 'hint' | 'explain' | 'log' | 'now'>;
  readonly #diagnosis: Diagnosis;
  #before: readonly ShownFinding[] = [];
  #found: ShownFinding[] = [];
  #endedAt: number | undefined;
  /** Whether something was changed since the last run began, so that its findings may be over. */
  #isOutdated = false;
  #isRunning = false;
  #failure: string | undefined;

  constructor(ports: Pick<ConsolePorts, 'hint' | 'explain' | 'log' | 'now'>, diagnosis: Diagnosis) {
    this.#ports = ports;
    this.#diagnosis = diagnosis;
  }

  /**
   * What is found now. Begins a run, and does not wait for it, if the last one is too old.
   *
   * @param isAsked whether somebody wants a new run, whatever the age of the last one
   */
  look(isAsked: boolean): DoctorState {
    const age = this.#ports.now() - (this.#endedAt ?? Number.NEGATIVE_INFINITY);
    const isOld = age >= (this.#isOutdated ? REST_MS : FRESH_MS);
    if (!this.#isRunning && (isAsked || isOld)) void this.#run();
    const isReported = new Set(this.#found.map(({ check }) => check));
    const left = this.#isRunning ? this.#before.filter(({ check }) => !isReported.has(check)) : [];
    return omitUndefined({
      isRunning: this.#isRunning || this.#isOutdated,
      checkedAt: this.#endedAt === undefined ? undefined : new Date(this.#endedAt).toISOString(),
      findings: [...this.#found, ...left],
      failure: this.#failure,
    });
  }

  /** Something was changed that a finding may be about: whoever asks next begins a run. */
  outdate(): void {
    this.#isOutdated = true;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#isOutdated = false;
    this.#before = this.#found;
    this.#found = [];
    this.#failure = undefined;
    try {
      for await (const finding of this.#diagnosis()) this.#found.push(this.#shown(finding));
    } catch (error) {
      this.#ports.log.error('the doctor failed', { error: messageOf(error) });
      this.#failure = this.#ports.explain(error);
    } finally {
      this.#isRunning = false;
      this.#endedAt = this.#ports.now();
    }
  }

  #shown({ check, level, what, fix }: Finding): ShownFinding {
    const { hint } = this.#ports;
    return omitUndefined({
      ...{ check, level, what: hint(what) },
      advice: fix,
      fix: fix === undefined ? undefined : fixOf(fix, hint),
    });
  }
}
