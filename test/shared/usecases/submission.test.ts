import { describe, expect, it } from 'vitest';
import { ProviderError, type ProviderErrorKind } from '../../../shared/batch/errors.ts';
import { awaitsInputExpiry } from '../../../shared/batch/lifecycle/ended.ts';
import { fakeProviders } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

const refuse = (kind: ProviderErrorKind) => () => {
  throw new ProviderError(kind, { code: `${kind}_code`, message: 'no' });
};

async function queued(w: World): Promise<void> {
  await w.add('b1', ['a', 'b']);
  await w.workAll();
}

async function admitted(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

/** Creates the job, then loses the reply. */
const losesReply = (w: World): void => {
  const { provider } = w;
  const submit = provider.submit.bind(provider);
  provider.submit = async (submission) => {
    provider.submit = submit;
    await submit(submission);
    throw new ProviderError('uncertain', { code: 'reset', message: 'connection reset' });
  };
};

describe('a submission', () => {
  it('that the provider refuses for good ends the batch, with a row for each request', async () => {
    const w = world();
    w.provider.onSubmit = refuse('permanent');
    await queued(w);
    await admitted(w);
    await admitted(w);
    const batch = w.batch('b1');
    expect(batch).toMatchObject({ status: 'failed', attempt: 0, counts: { failed: 2 } });
    expect(await w.rows(batch.rows?.errors)).toMatchObject([
      { error: { code: 'permanent_code' } },
      {},
    ]);
  });

  it('that takes longer than its worker has creates no job, and is repeated', async () => {
    const w = world();
    // The upload: a sweep may have given the batch to another worker meanwhile.
    w.provider.onSubmit = () => w.advance(3_600);
    await queued(w);
    await admitted(w);
    expect(w.provider.jobs).toHaveLength(0);

    w.provider.onSubmit = () => {};
    for (let sweeps = 0; sweeps < 3; sweeps++) {
      w.advance(3_600);
      await admitted(w);
      for (const { body } of w.batchQueue.splice(0)) await w.send(body);
    }
    expect(w.provider.jobs).toHaveLength(1);
    expect(w.batch('b1')).toMatchObject({ status: 'running', attempt: 1 });
  });

  it.each(['quota', 'account'] as const)(
    'refused for %s waits, uses no attempt and stops submissions to the provider',
    async (kind) => {
      const w = world();
      w.provider.onSubmit = refuse(kind);
      await queued(w);
      await admitted(w);
      expect(w.batch('b1')).toMatchObject({ status: 'queued', attempt: 0 });
      expect(w.states.get('openai')?.hold?.kind).toBe(kind);
      w.provider.onSubmit = () => {};
      await admitted(w);
      expect(w.provider.jobs).toHaveLength(0);
      w.advance(600);
      await admitted(w);
      expect(w.batch('b1')).toMatchObject({ status: 'running', attempt: 1 });
      // That the job was created does not show that it is accepted: it may still be refused.
      expect(w.states.get('openai')?.hold).toMatchObject({ refusals: 1 });
      await w.sweep();
      expect(w.states.get('openai')?.hold).toBeUndefined();
    },
  );

  it('that failed before it reached the provider is repeated with backoff, and uses no attempt', async () => {
    const w = world();
    w.provider.onSubmit = refuse('transient');
    await queued(w);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'retrying', attempt: 0, failures: 1 });
    expect(w.batchQueue).toMatchObject([{ delaySeconds: 30 }]);
  });

  it('whose reply was lost is found again, as one job', async () => {
    const w = world();
    losesReply(w);
    await queued(w);
    await admitted(w);
    expect(w.batch('b1').status).toBe('submitting');
    await admitted(w);
    expect(w.provider.jobs).toHaveLength(1);
    w.advance(90);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'running', attempt: 1, job: { id: 'job_1' } });
    expect(w.provider.jobs).toHaveLength(1);
  });

  it('is repeated only after a complete listing that shows no job', async () => {
    const w = world();
    w.provider.onSubmit = refuse('uncertain');
    await queued(w);
    await admitted(w);
    w.provider.onSubmit = () => {};
    w.provider.listFailure = new ProviderError('transient', { code: 'e', message: 'half way' });
    w.advance(90);
    await admitted(w);
    expect(w.batch('b1').status).toBe('submitting');
    expect(w.provider.jobs).toHaveLength(0);
    w.provider.listFailure = undefined;
    await admitted(w);
    expect(w.batch('b1').status).toBe('submitting');
    w.advance(240);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'running', submission: 1 });
    expect(w.provider.jobs).toHaveLength(1);
  });

  it('is adopted from a listing that fails after it has shown the job', async () => {
    const w = world();
    losesReply(w);
    await queued(w);
    await admitted(w);
    w.provider.listFailure = new ProviderError('transient', { code: 'e', message: 'half way' });
    w.advance(90);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'running', job: { id: 'job_1' } });
  });

  it('is adopted although the provider says that its job was created in the far future', async () => {
    const w = world();
    losesReply(w);
    await queued(w);
    await admitted(w);
    const { listJobs } = w.provider;
    w.provider.listJobs = async function* (since) {
      for await (const job of listJobs(since))
        yield { ...job, createdAt: Number.POSITIVE_INFINITY };
    };
    w.advance(90);
    await admitted(w);
    const batch = w.batch('b1');
    expect(batch).toMatchObject({ status: 'running', job: { id: 'job_1' } });
    expect((batch as { job?: { submittedAt: number } }).job?.submittedAt).toBe(
      w.dependencies.clock.now(),
    );
  });

  it.each([
    ['at the maximum age and a day', false, 8, 'failed'],
    ['two days after the create call, if it is cancelled', true, 2.01, 'cancelled'],
  ] as const)(
    'whose job cannot be looked for ends %s, and its rows name the key',
    async (_, isCancelled, days, status) => {
      const w = world();
      losesReply(w);
      await queued(w);
      await admitted(w);
      const { listJobs } = w.provider;
      w.provider.listJobs = async function* () {
        yield* [];
        throw new ProviderError('transient', { code: 'no_usable_answer', message: 'a page' });
      };
      if (isCancelled) await w.send({ action: 'cancel', batchId: 'b1' });
      w.advance((days - 0.1) * 86_400);
      await admitted(w);
      expect(w.batch('b1').status).toBe('submitting');
      w.advance(0.11 * 86_400);
      await admitted(w);
      await admitted(w);
      const batch = w.batch('b1');
      expect(batch).toMatchObject({ status, counts: { total: 2, failed: 2 } });
      expect(batch.reasons).toContainEqual(expect.objectContaining({ code: 'job_unconfirmed' }));
      const [row] = await w.rows(batch.rows?.errors);
      const message = expect.stringContaining(`${batch.keyPrefix}-1`);
      expect(row).toMatchObject({ error: { code: 'job_unconfirmed', message } });
      expect(w.provider.jobs).toMatchObject([{ cancelled: false }]);

      Object.assign(w.provider, { listJobs });
      w.advance(3_600);
      await admitted(w);
      expect(w.provider.jobs).toMatchObject([{ cancelled: true }]);
    },
  );

  it('has the completion window of its message, which its time depends on', async () => {
    const w = world();
    const submitted: unknown[] = [];
    const timed = new Set<unknown>();
    Object.assign(w.provider, { takesWindow: true });
    w.provider.onSubmit = ({ completionWindow }) => void submitted.push(completionWindow);
    const { timing } = w.dependencies.providers;
    w.dependencies.providers.timing = (name, window) => {
      timed.add(window);
      return timing(name);
    };
    await w.add('b1', ['a'], { completionWindow: '7d' });
    await w.workAll();
    await admitted(w);
    await w.sweep();
    expect(submitted).toEqual(['7d']);
    expect([...timed]).toEqual(['7d']);
  });

  it('that throws an unexpected error counts as uncertain', async () => {
    const w = world();
    w.provider.onSubmit = () => {
      throw new TypeError('a bug');
    };
    await queued(w);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({
      status: 'submitting',
      reasons: [{ code: 'submit_uncertain' }],
    });
  });

  it('that two workers receive is made by one', async () => {
    const w = world();
    await queued(w);
    await w.sweep();
    const [message] = w.workQueue;
    if (message) w.workQueue.push(message);
    await w.workAll();
    expect(w.provider.jobs).toHaveLength(1);
  });

  it('found twice keeps the first job and cancels the other', async () => {
    const w = world();
    losesReply(w);
    await queued(w);
    await admitted(w);
    const [first] = w.provider.jobs;
    if (first) w.provider.jobs.push({ ...first, id: 'job_2' });
    w.advance(90);
    await admitted(w);
    expect(w.batch('b1').job?.id).toBe('job_1');
    expect(w.provider.jobs.map(({ cancelled }) => cancelled)).toEqual([false, true]);
  });
});

describe('the first submission to a provider', () => {
  const answered = (kind: ProviderErrorKind, code: string) => {
    const failure = new ProviderError(kind, { code, message: 'a gateway page' });
    return async function* () {
      yield* [];
      throw failure;
    };
  };

  it.each([
    ['transient', 'no_usable_answer'],
    ['missing', 'http_404'],
    ['permanent', 'http_405'],
  ] as const)(
    'waits until the list of jobs can be read, which blocks the provider (%s)',
    async (kind, code) => {
      const w = world();
      const { listJobs } = w.provider;
      w.provider.listJobs = answered(kind, code);
      await queued(w);
      await admitted(w);
      expect(w.provider.jobs).toHaveLength(0);
      expect(w.batch('b1')).toMatchObject({ status: 'queued', attempt: 0 });
      const reason = w.states.get('openai')?.hold?.reason;
      expect(reason?.code).toBe('list_not_understood');
      expect(reason?.message).toContain('a gateway page');
      expect(reason?.message).toContain('allowMissingList');

      w.provider.listJobs = listJobs;
      w.advance(600);
      await admitted(w);
      expect(w.batch('b1')).toMatchObject({ status: 'running', attempt: 1 });
    },
  );

  it('is tried again if the list fails for a moment', async () => {
    const w = world();
    w.provider.listJobs = answered('transient', 'ECONNRESET');
    await queued(w);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'retrying', attempt: 0 });
    expect(w.provider.jobs).toHaveLength(0);
    expect(w.states.get('openai')?.hold).toBeUndefined();
  });

  it('is made without a list where the settings accept that', async () => {
    const w = world();
    w.provider.listJobs = answered('missing', 'http_404');
    Object.assign(w.provider, { mayLackList: true });
    await queued(w);
    await admitted(w);
    expect(w.batch('b1').status).toBe('running');
  });

  it('reads the list once, not for every job', async () => {
    const w = world();
    const { listJobs } = w.provider;
    let reads = 0;
    w.provider.listJobs = (since) => {
      reads += 1;
      return listJobs(since);
    };
    for (const id of ['b1', 'b2', 'b3']) await w.add(id, ['x']);
    await w.workAll();
    await admitted(w);
    expect(w.provider.jobs).toHaveLength(3);
    expect(reads).toBe(1);
  });
});

describe('a status check', () => {
  it.each(['transient', 'quota', 'missing'] as const)(
    'that fails (%s) changes nothing',
    async (kind) => {
      const w = world();
      await queued(w);
      await admitted(w);
      const before = w.batch('b1');
      w.provider.checkFailure = new ProviderError(kind, { code: 'e', message: 'no' });
      await w.sweep();
      expect(w.batch('b1')).toBe(before);
    },
  );

  const DAY = 86_400;
  const unreadable = new ProviderError('transient', {
    code: 'no_usable_answer',
    message: 'a page',
  });
  const refused = new ProviderError('account', { code: 'e', message: 'no' });

  it.each([
    ['cannot be read', unreadable],
    ['is refused for the account', refused],
    ['meets a bug', new TypeError('poison')],
  ])('that %s, for ever, does not keep a cancel from the job', async (_, failure) => {
    const w = world();
    await queued(w);
    await admitted(w);
    w.provider.checkFailure = failure;
    await w.sweep();
    await w.send({ action: 'cancel', batchId: 'b1' });
    await w.sweep();
    expect(w.provider.jobs).toMatchObject([{ cancelled: true }]);
  });

  it.each([
    ['cannot be read', unreadable],
    ['is refused for the account', refused],
    ['meets a bug', new TypeError('poison')],
  ])('that %s, for ever, ends a day after the maximum age with a row each', async (_, failure) => {
    const w = world();
    await queued(w);
    await admitted(w);
    w.provider.checkFailure = failure;
    for (let day = 0; day < 8; day++) {
      w.advance(DAY);
      await admitted(w);
    }
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'failed', counts: { total: 2 } });
    const [row, ...others] = await w.rows(w.batch('b1').rows?.errors);
    expect(row).toMatchObject({ error: { message: expect.stringContaining('job_1') } });
    expect(others).toHaveLength(1);
    expect(w.provider.jobs).toHaveLength(1);
  });

  it('at an entry that is no longer in the settings ends a day after the maximum age', async () => {
    const w = world();
    await queued(w);
    await admitted(w);
    Object.assign(w.dependencies, { providers: fakeProviders({}) });
    w.advance(8 * DAY);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'failed', counts: { unfinished: 2 } });
  });

  it('refused for the account blocks the provider, and stops its checks', async () => {
    const w = world();
    await queued(w);
    await admitted(w);
    w.provider.checkFailure = new ProviderError('account', { code: 'e', message: 'no' });
    await w.sweep();
    expect(w.states.get('openai')?.hold?.kind).toBe('account');
    w.provider.checkFailure = new Error('must not be called');
    await w.sweep();
    expect(w.metrics.get('SweepErrors')).toBeUndefined();
  });

  it('that finds an unknown status is counted and repeated', async () => {
    const w = world();
    await queued(w);
    await admitted(w);
    const [job] = w.provider.jobs;
    if (job) job.state = { state: 'unknown', status: 'weird' };
    const before = w.batch('b1');
    await w.sweep();
    expect(w.batch('b1')).toBe(before);
    expect(w.metrics.get('UnknownStatuses')).toBe(1);
  });

  it('of a batch that always fails does not delay the others', async () => {
    const w = world();
    await queued(w);
    await w.add('b2', ['x']);
    await w.workAll();
    await admitted(w);
    const check = w.provider.check.bind(w.provider);
    w.provider.check = async (id) => {
      if (id === 'job_1') throw new TypeError('poison');
      return check(id);
    };
    const second = w.provider.jobs[1];
    if (second)
      w.provider.end(second, { kind: 'completed' }, () => ({ response: { status_code: 200 } }));
    await w.sweep();
    expect(w.batch('b2').status).toBe('collecting');
    expect(w.metrics.get('SweepErrors')).toBe(1);
  });
});

describe('a sweep', () => {
  it('does nothing while another holds the lease', async () => {
    const w = world();
    await queued(w);
    await w.dependencies.sweepLock.acquire('other', 0, Number.MAX_SAFE_INTEGER);
    await w.sweep();
    expect(w.batch('b1').status).toBe('queued');
  });

  it('sends the end event again until the bus accepts it', async () => {
    const w = world();
    await queued(w);
    const { bus } = w.dependencies;
    const announce = bus.publish;
    bus.publish = async () => {
      throw new Error('throttled');
    };
    await w.send({ action: 'cancel', batchId: 'b1' });
    await w.workAll();
    expect(w.batch('b1')).toMatchObject({ status: 'cancelled', dueAt: expect.any(Number) });
    bus.publish = announce;
    await w.sweep();
    expect(w.announced).toMatchObject([{ batchId: 'b1', to: 'queued' }, { to: 'cancelled' }]);
    expect(awaitsInputExpiry(w.batch('b1'))).toBe(true);
  });

  it('does not count as absent while a job with a hidden key could be it', async () => {
    const w = world();
    const { listJobs } = w.provider;
    let isHidden = true;
    w.provider.listJobs = async function* (since) {
      for await (const { id, key, createdAt } of listJobs(since))
        yield isHidden
          ? { id, createdAt, key: undefined, hiddenRequests: 2 }
          : { id, createdAt, key };
    };
    losesReply(w);
    await queued(w);
    await admitted(w);
    w.advance(1_000);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'submitting', submission: 1 });
    expect(w.provider.jobs).toHaveLength(1);

    isHidden = false;
    w.advance(240);
    await admitted(w);
    expect(w.batch('b1')).toMatchObject({ status: 'running', attempt: 1 });
    expect(w.provider.jobs).toHaveLength(1);
  });

  it.each([
    ['holds another number of requests', 3, false],
    ['is named by another record', 2, true],
  ])(
    'counts as absent when the job with a hidden key %s',
    async (_why, hiddenRequests, isNamed) => {
      const w = world();
      w.provider.listJobs = async function* () {
        const id = isNamed ? 'job_1' : 'job_of_somebody';
        const { createdAt = 0 } = w.batches.all().find(({ batchId }) => batchId === 'b1') ?? {};
        yield { id, createdAt, key: undefined, hiddenRequests };
      };
      if (isNamed) {
        await w.add('b0', ['x', 'y']);
        await w.workAll();
        await admitted(w);
      }
      w.provider.onSubmit = refuse('uncertain');
      await queued(w);
      await admitted(w);
      w.provider.onSubmit = () => {};
      w.advance(1_000);
      await admitted(w);
      await admitted(w);
      expect(w.batch('b1')).toMatchObject({ status: 'running', attempt: 1 });
    },
  );
});
