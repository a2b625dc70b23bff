import { createReadStream } from 'node:fs';
import { RefusedError } from '../batch/errors.ts';
import type { Format } from '../batch/messages.ts';
import { checkMessage } from '../client/addBatch.ts';
import type { Handler } from '../client/connection.ts';
import { checkFile } from '../client/upload.ts';
import { lineGroups } from '../jsonl/lines.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { type Estimate, estimateFile } from '../operations/estimate.ts';
import { settingsOf } from '../operations/settings.ts';
import type { DescribedEntry } from '../providers/provider.ts';
import { describedProviders } from '../providers/registry.ts';
import type { Settings } from '../settings.ts';
import { failureOf } from './failure.ts';
import type { ConsolePorts } from './ports.ts';

/** As what a file is inspected. */
export interface InspectionWish {
  readonly format: Format;
  /** Default: the `url` of the first line. */
  readonly endpoint?: string | undefined;
}

/** What a file would be as a batch at each provider entry. */
export interface InspectionInfo extends InspectionWish {
  /** The default first. */
  readonly entries: readonly EntryInspection[];
  /** The beginnings of the lines that problems name, in their order. */
  readonly lines: readonly LineStart[];
  /** Why no entry could take it. Absent if it looks like a file of requests. */
  readonly refusal?: string;
}

export interface EntryInspection {
  readonly provider: string;
  /** Such as `openai`. */
  readonly kind?: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** Of the file, while it runs. */
  readonly readBytes?: number;
  /** Once it is done. */
  readonly estimate?: Estimate;
  /** Whether its settings name the model, or its price is known. Nobody else can tell whether it has it. */
  readonly knowsModel?: boolean;
  /** The most prompt tokens of one model that its jobs may hold. Absent: no such limit is set. */
  readonly maxEnqueuedTokens?: number;
  /** Why it could not be inspected for this entry. */
  readonly message?: string;
}

export interface LineStart {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  /** Whether the line goes on. */
  readonly isCut: boolean;
}

/** Of a line with a problem, at most. */
const MAX_SHOWN_LENGTH = 300;
/** A character has at most 4 bytes. */
const MAX_SHOWN_BYTES = 4 * MAX_SHOWN_LENGTH;
/** The page shows the kinds of problems, not each. */
const MAX_REASONS = 1;

type InspectionPorts = Pick<ConsolePorts, 'explain' | 'hint'> & {
  readonly handler: Handler;
};

interface InspectedFile {
  readonly path: string;
  /** How errors name it. */
  readonly name: string;
}

/**
 * Inspects a file for every provider entry, one after the other, each in constant memory. Sends nothing.
 *
 * @param onChange called with what is known so far
 * @throws the reason of the signal
 */
export async function inspectUpload(
  file: InspectedFile,
  wish: InspectionWish,
  { handler, ...ports }: InspectionPorts,
  { onChange, signal }: { onChange(info: InspectionInfo): void; readonly signal: AbortSignal },
): Promise<void> {
  let info: InspectionInfo = {
    ...omitUndefined(wish),
    entries: handler.providers.map((provider) => ({ provider, state: 'waiting' })),
    lines: [],
  };
  const change = (changes: Partial<InspectionInfo>): void => {
    info = { ...info, ...changes };
    if (!signal.aborted) onChange(info);
  };
  const changeEntry = (entry: EntryInspection): void =>
    change({
      entries: info.entries.map((each) => (each.provider === entry.provider ? entry : each)),
    });
  const refusalOf = (error: unknown): string => {
    signal.throwIfAborted();
    return failureOf(error, ports).message;
  };
  change({});
  let settings: Settings['providers'];
  try {
    await checkFile(file.path, file.name);
    settings = settingsOf(handler).providers;
  } catch (error) {
    return change({ refusal: refusalOf(error) });
  }
  for (const provider of handler.providers) {
    const known = { provider, kind: settings[provider]?.kind ?? '' };
    changeEntry({ ...known, state: 'running', readBytes: 0 });
    try {
      const message = checkMessage({ ...wish, provider }, handler.providers);
      const estimate = await estimateFile(file.path, settings, message, MAX_REASONS, {
        name: file.name,
        signal,
        onRead: (readBytes) => changeEntry({ ...known, state: 'running', readBytes }),
      });
      const described = await describedProviders(settings).describe(provider);
      const { maxEnqueuedTokens } = described.limits;
      const numbers = estimate.groups?.groups.flatMap(({ lines }) => lines) ?? [];
      const lines = await linesOf(file.path, [
        ...numbers,
        ...info.lines.map((each) => each.number),
      ]);
      change({ lines });
      changeEntry(
        omitUndefined({
          ...known,
          state: 'done' as const,
          estimate,
          knowsModel: knowsModel(described, estimate),
          maxEnqueuedTokens: Number.isFinite(maxEnqueuedTokens) ? maxEnqueuedTokens : undefined,
        }),
      );
    } catch (error) {
      changeEntry({ ...known, state: 'failed', message: refusalOf(error) });
    }
  }
}

function knowsModel(
  { models = [], defaultModel }: DescribedEntry,
  { model, price }: Estimate,
): boolean {
  return price !== null || defaultModel !== undefined || (model !== null && models.includes(model));
}

/** The beginnings of some lines. Reads no further than the last of them. */
async function linesOf(path: string, numbers: readonly number[]): Promise<readonly LineStart[]> {
  const wanted = new Set(numbers);
  const last = Math.max(0, ...wanted);
  const found: LineStart[] = [];
  if (last === 0) return found;
  const source = createReadStream(path);
  try {
    for await (const group of lineGroups(source)) {
      for (const { number, bytes } of group) {
        if (!wanted.has(number)) continue;
        const text = bytes.subarray(0, MAX_SHOWN_BYTES).toString('utf8');
        const shown = text.slice(0, MAX_SHOWN_LENGTH);
        const isCut = bytes.length > MAX_SHOWN_BYTES || shown.length < text.length;
        found.push({ number, text: shown, isCut });
      }
      if ((group.at(-1)?.number ?? 0) >= last) break;
    }
  } catch (error) {
    // A line is too long to be read, as the inspection says.
    if (!(error instanceof RefusedError)) throw error;
  } finally {
    source.destroy();
  }
  return found;
}
