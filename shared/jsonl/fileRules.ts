import { randomInt } from 'node:crypto';
import { type CheckedRequest, withVersion } from './checkRequest.ts';

/** Why a request does not fit the rest of its file. */
export interface Conflict {
  readonly code: string;
  readonly message: string;
}

/**
 * Checks that the requests of a file have one model, one endpoint and different ids. The first
 * request sets the model. The first whose endpoint the provider serves sets the endpoint, unless
 * the message names it.
 */
export class FileRules {
  readonly #endpoints: readonly string[];
  readonly #ids = new IdIndex();
  #endpoint: string | undefined;
  #model: string | undefined;

  constructor(endpoint: string | undefined, endpoints: readonly string[]) {
    this.#endpoint = endpoint === undefined ? undefined : withVersion(endpoint);
    this.#endpoints = endpoints;
  }

  get endpoint(): string {
    return this.#endpoint ?? '';
  }

  get model(): string | undefined {
    return this.#model;
  }

  /** Adds a request, and returns its conflicts with the earlier ones. */
  add(request: Omit<CheckedRequest, 'body'>, line: number): readonly Conflict[] {
    const conflicts: Conflict[] = [];
    const { customId, url, model } = request;
    const first = this.#ids.add(customId, line);
    if (first !== undefined) {
      const message = `custom_id ${quoted(customId)} is that of line ${first} too: make it unique`;
      conflicts.push({ code: 'duplicate_custom_id', message });
    }
    this.#model ??= model;
    if (this.#endpoint !== undefined && url !== this.#endpoint) {
      const message = `url ${quoted(url)} is not the batch's endpoint ${quoted(this.#endpoint)}`;
      conflicts.push({ code: 'url_mismatch', message });
    } else if (!this.#endpoints.includes(url)) {
      const message = `url ${quoted(url)} is not one of ${this.#endpoints.join(', ')}`;
      conflicts.push({ code: 'unsupported_url', message });
    } else this.#endpoint = url;
    if (model !== this.#model) {
      const message = `model ${quoted(model)} is not ${quoted(this.#model)}: a batch has one model`;
      conflicts.push({ code: 'model_mismatch', message });
    }
    return conflicts;
  }
}

/** For ids, models and urls. Other content of a request must not be quoted. */
function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

const FIRST_SLOTS = 1 << 8;
/** Share of the slots in use at which their number doubles. */
const MAX_FILL = 0.6;
/** Words per slot: two of the hash, and the line. */
const WORDS = 3;

/**
 * Maps each id of a file to its line, in 12 bytes per slot instead of a string: a million ids take
 * 25 MB. Ids are compared by 64 bits of a seeded hash. Among a million ids, two have the same hash
 * with a probability of 3 in 100 million.
 */
export class IdIndex {
  readonly #seed = randomInt(2 ** 32);
  #slots = new Uint32Array(FIRST_SLOTS * WORDS);
  #size = 0;

  /** Returns the earlier line of this id; undefined if there is none, and then stores this line. */
  add(id: string, line: number): number | undefined {
    if (this.#size >= (this.#slots.length / WORDS) * MAX_FILL) this.#grow();
    const { high, low } = this.#hash(id);
    const known = put(this.#slots, high, low, line);
    if (known === 0) this.#size += 1;
    return known === 0 ? undefined : known;
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    for (let from = 0; from < old.length; from += WORDS) {
      const line = old[from + 2] as number;
      if (line !== 0) put(slots, old[from] as number, old[from + 1] as number, line);
    }
    this.#slots = slots;
  }

  /** Two lanes of multiply and xor with the finalizer of MurmurHash3. */
  #hash(id: string): { high: number; low: number } {
    let high = this.#seed ^ id.length;
    let low = ~this.#seed;
    for (let index = 0; index < id.length; index++) {
      const code = id.charCodeAt(index);
      high = Math.imul(high ^ code, 0x9e3779b1);
      low = Math.imul(low ^ code, 0x5f356495);
    }
    const mixed = finalized(high ^ (low >>> 13));
    return { high: mixed, low: finalized(low ^ (high >>> 16) ^ mixed) };
  }
}

/** Returns the line of the id; 0 if there is none, and then stores this line. Line 0 marks an empty slot. */
function put(slots: Uint32Array, high: number, low: number, line: number): number {
  const count = slots.length / WORDS;
  let slot = (low & (count - 1)) * WORDS;
  while (slots[slot + 2] !== 0) {
    if (slots[slot] === high && slots[slot + 1] === low) return slots[slot + 2] as number;
    slot = (slot + WORDS) % slots.length;
  }
  slots[slot] = high;
  slots[slot + 1] = low;
  slots[slot + 2] = line;
  return 0;
}

function finalized(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
