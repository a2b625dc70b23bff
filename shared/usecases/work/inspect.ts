import type { Batch } from '../../batch/batch.ts';
import { RefusedError } from '../../batch/errors.ts';
import type { BatchEvent } from '../../batch/events.ts';
import { objectKey } from '../../batch/identifiers.ts';
import { costRefusal } from '../../batch/maxCost.ts';
import type { Reason } from '../../batch/reason.ts';
import { inspectInput } from '../../jsonl/inspect.ts';
import type { Demands } from '../../jsonl/lineInspection.ts';
import type { JobLimits } from '../../jsonl/slices.ts';
import type { Dependencies } from '../dependencies.ts';
import { estimateCost } from './estimateCost.ts';
import { problemFile } from './problemFile.ts';
import { inTime } from './rowSources.ts';
import type { Task } from './work.ts';

/** Takes a snapshot of the input and checks every line of it, before anything is sent. */
export async function inspect(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const { objects } = dependencies;
  const { batch, token, deadline } = task;
  const described = await describedFor(dependencies, batch);
  const key = objectKey(batch.batchId, token, 'input.jsonl');
  const refusal = await takeSnapshot(dependencies, task, key);
  if (refusal) return { type: 'inputRefused', token, reasons: [refusal], errorsKey: undefined };
  const head = await objects.head({ bucket: objects.bucket, key });
  const problems = problemFile(objects, objectKey(batch.batchId, token, 'input-errors.jsonl'));
  try {
    const found = await inspectInput(
      inTime(dependencies, objects.read(key), deadline),
      { ...demandsOn(described, batch), tokens: await dependencies.tokens.estimate(head?.bytes) },
      problems.add,
    );
    const errorsKey = await problems.close();
    if (found.problems > 0) {
      return { type: 'inputRefused', token, reasons: found.firstReasons, errorsKey };
    }
    const { bytes, requests, endpoint, model, slices, ...estimated } = found;
    const { estimatedTokens, maxOutputTokens } = estimated;
    const pricings = described.map(({ pricing }) => pricing);
    const money = estimateCost(estimated, pricings, model ?? '');
    const tooDear = costRefusal(batch.maxCost, money.estimatedCost, model ?? '');
    if (tooDear) return { type: 'inputRefused', token, reasons: [tooDear], errorsKey };
    const output = maxOutputTokens > 0 ? { maxOutputTokens } : {};
    const input = { key, bytes, requests, estimatedTokens, ...output, ...money };
    const parts = slices.length > 1 ? { parts: slices } : {};
    return { type: 'inspected', token, input, endpoint, model, ...parts };
  } catch (error) {
    await problems.abort();
    throw error;
  }
}

type Described = Awaited<ReturnType<Dependencies['providers']['describe']>>;

/** All providers that the batch may go to. */
async function describedFor({ providers }: Dependencies, batch: Batch): Promise<Described[]> {
  const described: Described[] = [];
  for (const name of batch.providers ?? [batch.provider])
    described.push(await providers.describe(name));
  return described;
}

/** What every one of them can take. */
function demandsOn(
  described: readonly Described[],
  { endpoint, format }: Batch,
): Omit<Demands, 'tokens'> {
  const [first, ...others] = described.map(({ endpoints }) => endpoints);
  return {
    endpoint,
    endpoints: (first ?? []).filter((each) => others.every((other) => other.includes(each))),
    limits: lowest(described.map(({ limits }) => limits)),
    checkRequest(request) {
      for (const { checkRequest } of described) checkRequest?.(request, format);
    },
  };
}

/** A limit that only some have counts for all. */
function lowest(all: readonly JobLimits[]): JobLimits {
  const least = (name: keyof JobLimits) =>
    Math.min(...all.map((limits) => limits[name] ?? Number.POSITIVE_INFINITY));
  return {
    maxRequests: least('maxRequests'),
    maxBytes: least('maxBytes'),
    maxEnqueuedTokens: least('maxEnqueuedTokens'),
    maxEnqueuedRequests: least('maxEnqueuedRequests'),
    maxEmbeddingInputs: least('maxEmbeddingInputs'),
  };
}

async function takeSnapshot(
  { objects }: Dependencies,
  { batch: { source } }: Task,
  key: string,
): Promise<Reason | undefined> {
  try {
    await objects.copy(source, key);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError) return error.reason;
    throw error;
  }
}
