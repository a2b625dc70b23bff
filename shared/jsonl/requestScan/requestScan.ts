import { isUtf8 } from 'node:buffer';
import { MAX_ANSWERS, MAX_MODEL_LENGTH, MAX_OUTPUT_TOKENS } from '../../batch/bounds.ts';
import { answersOf, type CheckedRequest, isEmbedding, withVersion } from '../checkRequest.ts';
import { MODULE } from './compiled.ts';

/** The facts of a well-formed request whose body was not parsed. */
export interface ScannedRequest extends Omit<CheckedRequest, 'body'> {
  /** Bytes of its line that are not ASCII. */
  readonly notAscii: number;
}

/**
 * Finds the facts of a request in its line; undefined if it is unsure, and `checkRequest` must decide.
 * What it returns is what `checkRequest` does.
 */
export type ScanRequest = (line: Buffer) => ScannedRequest | undefined;

/** What the module exports: see module.ts. */
interface Module {
  readonly memory: { readonly buffer: ArrayBuffer };
  scan(length: number): number;
}

/** What is used of the engine's WebAssembly, which Node's types leave out. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Where the module has the line and the facts. */
const LINE = 512;
const FACTS = 256;
/** The order of the facts. */
const FACT = {
  customId: 0,
  url: 2,
  model: 4,
  maxCompletionTokens: 6,
  maxTokens: 7,
  maxOutputTokens: 8,
  answers: 9,
  inputs: 10,
  notAscii: 11,
} as const;

/** The module's memory has room for a line of this many bytes. Fewer than the values that a line may hold. */
const MAX_LINE_BYTES = 1024 * 1024;

let loaded: { readonly scan: ScanRequest | undefined } | undefined;

/**
 * Compiles the scanner on first use, which takes about a millisecond: starting a function does not pay
 * for it.
 *
 * @returns undefined if the engine does not run it: every line is then parsed
 */
export function loadScanner(): ScanRequest | undefined {
  loaded ??= { scan: createScanner() };
  return loaded.scan;
}

function createScanner(): ScanRequest | undefined {
  try {
    const engine = Reflect.get(globalThis, 'WebAssembly') as Engine;
    const { exports } = new engine.Instance(new engine.Module(Buffer.from(MODULE, 'base64')));
    return scannerOf(exports as Module);
  } catch {
    return undefined;
  }
}

function scannerOf({ memory, scan }: Module): ScanRequest {
  const target = new Uint8Array(memory.buffer, LINE, MAX_LINE_BYTES);
  const facts = new Int32Array(memory.buffer, FACTS, FACT.notAscii + 1);
  const fact = (index: number) => facts[index] as number;
  const countOf = (index: number) => (fact(index) < 0 ? undefined : fact(index));
  const readUrl = repeatedText(target);
  const readModel = repeatedText(target);
  let [url, endpoint] = ['', ''];

  return (line) => {
    if (line.length > MAX_LINE_BYTES) return undefined;
    target.set(line);
    if (scan(line.length) === 0) return undefined;
    const notAscii = fact(FACT.notAscii);
    if (notAscii > 0 && !isUtf8(line)) return undefined;
    const given = readUrl(fact(FACT.url), fact(FACT.url + 1));
    if (given !== url) [url, endpoint] = [given, withVersion(given)];
    const model = readModel(fact(FACT.model), fact(FACT.model + 1));
    if (model.length > MAX_MODEL_LENGTH || model.includes('\u007f')) return undefined;
    const { limit, answers } = answersOf({
      max_completion_tokens: countOf(FACT.maxCompletionTokens),
      max_tokens: countOf(FACT.maxTokens),
      max_output_tokens: countOf(FACT.maxOutputTokens),
      n: countOf(FACT.answers),
    });
    if (limit > MAX_OUTPUT_TOKENS || answers > MAX_ANSWERS) return undefined;
    const customId = line.toString('latin1', fact(FACT.customId), fact(FACT.customId + 1));
    const embeddingInputs = isEmbedding(endpoint) ? fact(FACT.inputs) : 0;
    return {
      customId,
      url: endpoint,
      model,
      isAbbreviated: endpoint !== given,
      embeddingInputs,
      notAscii,
      maxOutputTokens: embeddingInputs > 0 ? 0 : limit * answers,
    };
  };
}

/** Reads texts of ASCII of which most are like the one before, and makes a string only of another. */
function repeatedText(bytes: Uint8Array) {
  let text = '';
  return (start: number, end: number): string => {
    let same = 0;
    while (same < text.length && bytes[start + same] === text.charCodeAt(same)) same += 1;
    if (same < text.length || end - start !== text.length)
      text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
    return text;
  };
}
