import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { DoctorState, ShownFinding } from '../../shared/console/doctorRuns.ts';
import type { TodayInfo } from '../../shared/console/todayRoutes.ts';
import { CONTENTS } from '../../shared/operations/deadLetters.ts';
import { answerOf, api } from '../api.ts';
import { countText } from '../format.ts';
import { KEYS } from '../queries.ts';
import { FixButton } from './fixButton.tsx';
import { Note } from './note.tsx';
import { RedriveButton } from './redrive.tsx';
import { Ago } from './time.tsx';

/** While the doctor checks, its findings are asked for as they come. */
const CHECKING_MS = 500;
/** As long as somebody looks at the page, everything is checked again. */
const CHECK_EVERY_MS = 5 * 60_000;

interface NeedsYouProps {
  readonly letters: TodayInfo['letters'];
  /** Whether the state of the handler can be read. */
  readonly isReachable: boolean;
}

/** What somebody has to do something about, each with what can be done. */
export function NeedsYou({ letters, isReachable }: NeedsYouProps) {
  const queries = useQueryClient();
  const { data, error } = useQuery({
    queryKey: KEYS.doctor,
    queryFn: () => answerOf(api.doctor.$get({ query: {} })),
    refetchInterval: ({ state }) => (state.data?.isRunning ? CHECKING_MS : CHECK_EVERY_MS),
  });
  const checkAgain = async (): Promise<void> => {
    const started = await answerOf(api.doctor.$get({ query: { again: 'yes' } }));
    queries.setQueryData(KEYS.doctor, started);
  };
  const findings = data?.findings.filter((finding) => isUrgent(finding, letters)) ?? [];
  const isCalm = findings.length + letters.length === 0;
  const isKnown = isReachable && data?.checkedAt !== undefined && data.failure === undefined;
  return (
    <section aria-labelledby="needs" className="needs">
      <div className="row">
        <h2 id="needs">Needs you</h2>
        <Checked state={data} />
        <button type="button" disabled={!data || data.isRunning} onClick={() => void checkAgain()}>
          Check again
        </button>
      </div>
      {error && <Note kind="problem">{error.message}</Note>}
      {data?.failure !== undefined && <Note kind="problem">{data.failure}</Note>}
      {isCalm ? (
        isKnown && <p className="calm">Nothing needs you.</p>
      ) : (
        <div className="findings">
          {letters.length > 0 && <Letters letters={letters} />}
          {[...Map.groupBy(findings, ({ check }) => check)].map(([check, those]) => (
            <Findings key={check} check={check} findings={those} />
          ))}
        </div>
      )}
    </section>
  );
}

/** Those of dead letters are shown by their queues, with a newer count. */
function isUrgent({ level, fix }: ShownFinding, letters: TodayInfo['letters']): boolean {
  if (level !== 'problem' && level !== 'unknown') return false;
  return !(fix?.kind === 'letters' && letters.some(({ queue }) => queue === fix.queue));
}

function Letters({ letters }: Pick<NeedsYouProps, 'letters'>) {
  return (
    <article className="problem">
      <h3>dead letters</h3>
      <ul>
        {letters.map(({ queue, count }) => (
          <li key={queue}>
            <p className="what">
              {countText(count)} {count === 1 ? 'message' : 'messages'} in the dead-letter queue of{' '}
              {queue}: {CONTENTS[queue]}
            </p>
            <div className="row">
              <Link href={`/letters#${queue}`}>See the reasons</Link>
              <RedriveButton queue={queue} count={count} />
            </div>
          </li>
        ))}
      </ul>
    </article>
  );
}

interface FindingsProps {
  readonly check: string;
  readonly findings: readonly ShownFinding[];
}

/** What one check has found. */
function Findings({ check, findings }: FindingsProps) {
  const isProblem = findings.some(({ level }) => level === 'problem');
  return (
    <article className={isProblem ? 'problem' : undefined}>
      <h3>{isProblem ? check : `${check}: could not be checked`}</h3>
      <ul>
        {findings.map(({ what, advice, fix }) => (
          <li key={what}>
            <div className="what">
              <p>{what}</p>
              {advice !== undefined && fix?.kind !== 'command' && <p className="dim">{advice}</p>}
            </div>
            {fix && <FixButton fix={fix} advice={advice ?? ''} />}
          </li>
        ))}
      </ul>
    </article>
  );
}

function Checked({ state }: { readonly state: DoctorState | undefined }) {
  return (
    <span className="dim" role="status">
      {!state || state.isRunning
        ? 'checking…'
        : state.checkedAt !== undefined && (
            <>
              checked <Ago at={state.checkedAt} />
            </>
          )}
    </span>
  );
}
