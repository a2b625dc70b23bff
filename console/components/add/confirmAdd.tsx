import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AddWish } from '../../../shared/console/adding.ts';
import type { UploadInfo } from '../../../shared/console/uploads.ts';
import { answerOf, api } from '../../api.ts';
import { countText, instantText } from '../../format.ts';
import type { Plan } from '../../plan.ts';
import { KEYS } from '../../queries.ts';
import { Dialog } from '../dialog.tsx';
import { Note } from '../note.tsx';

/** What is asked of the batch, with its id. */
export type ConfirmedWish = AddWish & { readonly batchId: string };

interface ConfirmAddProps {
  readonly upload: UploadInfo;
  readonly plan: Extract<Plan, { readonly isPossible: true }>;
  readonly wish: ConfirmedWish;
  readonly chosen: readonly string[];
  readonly onClose: () => void;
}

/** Says what adding does and costs, and adds it once that is confirmed. */
export function ConfirmAdd({ upload, plan, wish, chosen, onClose }: ConfirmAddProps) {
  const { id, name } = upload;
  const { estimate, jobs, costText } = plan;
  const queries = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => answerOf(api.uploads[':id'].add.$post({ param: { id }, json: wish })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEYS.uploads });
      onClose();
    },
  });
  const { requests } = estimate;
  const metadata = Object.entries(wish.metadata ?? {});
  const jobsText = jobs === 1 ? '1 job' : `${countText(jobs)} jobs`;
  return (
    <Dialog title={`Add batch ${wish.batchId}`} onClose={onClose}>
      <p>
        {countText(requests)} {requests === 1 ? 'request' : 'requests'} of {name} go to{' '}
        {chosen.join(' or ')} in {jobsText}
        {chosen.length > 1 && ' or more'}. The handler starts them by itself, as soon as there is
        room{wish.notBefore !== undefined && ` and it is ${instantText(wish.notBefore)}`}.
      </p>
      <p>
        <strong>Cost: {costText}.</strong>
      </p>
      <dl className="facts">
        <Fact name="Model" value={estimate.model ?? undefined} />
        <Fact name="Priority" value={wish.priority?.toString()} />
        <Fact
          name="Highest cost"
          value={wish.maxCost === undefined ? 'no limit' : `$${wish.maxCost}`}
        />
        <Fact name="Tenant" value={wish.tenant} />
        <Fact name="Completion window" value={wish.completionWindow} />
        {metadata.map(([key, value]) => (
          <Fact key={key} name={key} value={value} />
        ))}
      </dl>
      {error && <Note kind="problem">{error.message}</Note>}
      <div className="row submit">
        <button type="button" className="primary" disabled={isPending} onClick={() => mutate()}>
          Add the batch
        </button>
        <button type="button" onClick={onClose}>
          Back
        </button>
      </div>
    </Dialog>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string | undefined }) {
  if (value === undefined) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
