import { checkJob } from '../../shared/usecases/checkJob.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { hintIn } from './hint.ts';

/** Does what the event asks for: a check of one job, or a sweep. */
export async function work(
  dependencies: Dependencies,
  event: unknown,
  deadline: number,
): Promise<void> {
  const hint = hintIn(event);
  if (hint === undefined) return sweep(dependencies, deadline);
  const { providers, jobId } = hint;
  for (const provider of providers) if (await checkJob(dependencies, { provider, jobId })) return;
}
