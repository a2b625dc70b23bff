import type { Request } from './checkRequest.ts';
import { IdIndex } from './idIndex.ts';

/** What is wrong with a request in the company of the others. */
export interface Conflict {
  readonly code: string;
  readonly message: string;
}

/**
 * What the requests of one file must have in common, and what they must not. The first one sets
 * the model, and the first with an endpoint of the provider the endpoint, if the message named none.
 */
export class FileRules {
  readonly #endpoints: readonly string[];
  readonly #ids = new IdIndex();
  #endpoint: string | undefined;
  #model: string | undefined;

  constructor(endpoint: string | undefined, endpoints: readonly string[]) {
    this.#endpoint = endpoint;
    this.#endpoints = endpoints;
  }

  get endpoint(): string {
    return this.#endpoint ?? '';
  }

  get model(): string | undefined {
    return this.#model;
  }

  /** Takes a request in; the conflicts, if it has any. */
  add(request: Request, line: number): readonly Conflict[] {
    const conflicts: Conflict[] = [];
    const { customId, url, model } = request;
    const first = this.#ids.add(customId, line);
    if (first !== undefined) {
      const message = `custom_id ${quote(customId)} is that of line ${first} too: make it unique`;
      conflicts.push({ code: 'duplicate_custom_id', message });
    }
    this.#model ??= model;
    if (this.#endpoint !== undefined && url !== this.#endpoint) {
      const message = `url ${quote(url)} is not the batch's endpoint ${quote(this.#endpoint)}`;
      conflicts.push({ code: 'url_mismatch', message });
    } else if (!this.#endpoints.includes(url)) {
      const message = `url ${quote(url)} is not one of ${this.#endpoints.join(', ')}`;
      conflicts.push({ code: 'unsupported_url', message });
    } else this.#endpoint = url;
    if (model !== this.#model) {
      const message = `model ${quote(model)} is not ${quote(this.#model)}: a batch has one model`;
      conflicts.push({ code: 'model_mismatch', message });
    }
    return conflicts;
  }
}

/** Ids, models and urls may be named; never what a request says. */
function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
