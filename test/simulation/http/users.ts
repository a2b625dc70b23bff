import { fileKey } from '../../../shared/batch/ids.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import type { Life } from '../lives.ts';
import type { Random } from '../random.ts';
import { HOUR, MINUTE, type Schedule } from '../schedule.ts';
import { requestLine } from '../user.ts';
import { type ApiAnswer, ApiClient, formOf, jsonOf, type Serve } from './client.ts';

interface HttpWorld {
  /** The API's function. */
  readonly serve: Serve;
  /** Called as a cancel is sent. */
  onCommand(batchId: string): void;
}

/** What a user wants of the API once: with all its repetitions, it makes one batch at most. */
export interface CreateIntent {
  readonly fileId: string;
  /** What the request says, without its headers. */
  readonly body: string;
  readonly idempotencyKey: string | undefined;
  /** The batch that an answer with 2xx named. */
  accepted: string | undefined;
}

/** A file that the user uploads, and what it must become. */
export interface UploadedFile {
  readonly content: string;
  readonly customIds: readonly string[];
  /** The file that an answer with 2xx named. */
  readonly fileId: string;
}

const ENDPOINT = '/v1/embeddings';
/** The shortest that OpenAI's API description allows. */
const SHORT_LIFE_SECONDS = 3_600;

/** How a user of a schedule makes its batches. */
interface Habits {
  readonly inParts: boolean;
  /** The order of the parts, or what is wrong with them. */
  readonly parts: 'in order' | 'reordered' | 'one missing' | 'one twice';
  /** How creates are told from their repetitions. */
  readonly creates: 'by SDK' | 'by key' | 'by nothing';
  readonly createsAtOnce: number;
  /** The client ends after the upload. */
  readonly diesAfterUpload: boolean;
  readonly cancels: number;
  /** It deletes the file as soon as its batches are created. */
  readonly deletes: boolean;
}

/** Users who upload and delete files, create batches and cancel them over HTTP, by an SDK. */
export class HttpUsers {
  readonly intents: CreateIntent[] = [];
  readonly files: UploadedFile[] = [];
  /** Batches whose cancel was answered with 2xx. */
  readonly cancelled = new Set<string>();
  /** Requests that were repeated. */
  repeats = 0;
  /** Files that a client has asked to delete. */
  readonly deleted = new Set<string>();
  /** What an answer said that it must never say. */
  readonly wrong: string[] = [];
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #world: HttpWorld;
  #serial = 0;

  constructor(schedule: Schedule, random: Random, world: HttpWorld) {
    this.#schedule = schedule;
    this.#random = random;
    this.#world = world;
  }

  /** Plans some users. */
  plan(): void {
    const random = this.#random;
    for (let count = 1 + random.int(2); count > 0; count--) {
      const habits: Habits = {
        inParts: random.chance(0.5),
        parts: random.pick(['in order', 'in order', 'reordered', 'one missing', 'one twice']),
        creates: random.pick(['by SDK', 'by SDK', 'by key', 'by nothing']),
        createsAtOnce: random.pick([1, 1, 2]),
        diesAfterUpload: random.chance(0.1),
        cancels: random.pick([0, 0, 0, 1, 2]),
        deletes: random.chance(0.3),
      };
      const requests = 1 + random.int(4);
      this.#schedule.timeline.after(
        random.between(0, HOUR),
        () => void this.#use(habits, requests),
      );
    }
  }

  /** Plans the user of a life. */
  planLife({ requests, overHttp }: Life): void {
    if (!overHttp) return;
    const habits: Habits = {
      inParts: overHttp.inParts,
      ...{ parts: 'in order', creates: 'by SDK', createsAtOnce: 1, diesAfterUpload: false },
      ...{ cancels: overHttp.cancels ? 1 : 0, deletes: false },
    };
    this.#schedule.timeline.after(0, () => void this.#use(habits, requests));
  }

  /** The requests of a batch that was created over HTTP; undefined for one that nobody created. */
  requestsOf({ spec }: Batch): readonly string[] | undefined {
    return this.files.find(({ fileId }) => fileKey(fileId) === spec.source.key)?.customIds;
  }

  async #use(habits: Habits, requests: number): Promise<void> {
    const name = `u${this.#serial++}`;
    const client = this.#client(habits);
    const customIds = Array.from({ length: requests }, (_, n) => `${name}-${n}`);
    const content = customIds.map(requestLine).join('');
    const fileId = habits.inParts
      ? await this.#uploadInParts(client, content, habits)
      : await this.#uploadWhole(client, content, habits);
    if (fileId === undefined) return;
    this.files.push({ fileId, content, customIds });
    if (habits.diesAfterUpload) {
      await client.wait(SHORT_LIFE_SECONDS * 1000 + HOUR);
      const late = await client.request({ method: 'GET', path: `/v1/files/${fileId}` });
      if (late?.status === 200) this.wrong.push(`file ${fileId} is served after its expiry`);
      return;
    }
    const bodies = Array.from({ length: habits.createsAtOnce }, () => {
      // Of two creates at once, both may say the same.
      const intent = this.#random.chance(0.5) ? name : `${name}-${this.#serial++}`;
      return JSON.stringify({
        ...{ input_file_id: fileId, endpoint: ENDPOINT, completion_window: '24h' },
        metadata: { intent },
      });
    });
    const ids = await Promise.all(bodies.map((body) => this.#create(client, fileId, body, habits)));
    if (habits.deletes && ids.every((batchId) => batchId !== undefined))
      await this.#delete(client, fileId);
    for (const batchId of ids)
      if (batchId !== undefined) await this.#cancel(client, batchId, habits.cancels);
  }

  #client({ creates }: Habits): ApiClient {
    return new ApiClient(this.#schedule, this.#random, this.#world.serve, {
      saysRetries: creates === 'by SDK',
      onTry: (_request, repeats) => {
        if (repeats > 0) this.repeats += 1;
      },
    });
  }

  async #uploadWhole(
    client: ApiClient,
    content: string,
    { diesAfterUpload }: Habits,
  ): Promise<string | undefined> {
    const life = { 'expires_after[anchor]': 'created_at' };
    const answer = await client.request({
      ...{ method: 'POST', path: '/v1/files' },
      ...formOf(
        {
          purpose: 'batch',
          ...(diesAfterUpload && {
            ...{ ...life, 'expires_after[seconds]': String(SHORT_LIFE_SECONDS) },
          }),
        },
        { field: 'file', name: 'f.jsonl', content },
      ),
    });
    return this.#idOf(answer);
  }

  async #uploadInParts(
    client: ApiClient,
    content: string,
    { parts, diesAfterUpload }: Habits,
  ): Promise<string | undefined> {
    const bytes = Buffer.byteLength(content);
    const seconds = SHORT_LIFE_SECONDS;
    const created = await client.request({
      ...{ method: 'POST', path: '/v1/uploads' },
      ...jsonOf({
        ...{ filename: 'f.jsonl', purpose: 'batch', bytes, mime_type: 'text/jsonl' },
        ...(diesAfterUpload && { expires_after: { anchor: 'created_at', seconds } }),
      }),
    });
    const uploadId = this.#idOf(created);
    if (uploadId === undefined) return undefined;
    const half = bytes >> 1;
    const texts = [content.slice(0, half), content.slice(half)];
    const numbers = parts === 'reordered' ? [1, 0] : [0, 1];
    const ids: string[] = [];
    for (const number of numbers) {
      const form = formOf({}, { field: 'data', name: 'p', content: texts[number] ?? '' });
      const path = `/v1/uploads/${uploadId}/parts`;
      const id = this.#idOf(await client.request({ method: 'POST', path, ...form }));
      if (id === undefined) return undefined;
      ids[number] = id;
    }
    const [first = '', second = ''] = ids;
    const isWrong = parts === 'one missing' || parts === 'one twice';
    const told = parts === 'one missing' ? [first] : isWrong ? [first, first, second] : ids;
    const path = `/v1/uploads/${uploadId}/complete`;
    const answer = await this.#complete(client, path, told);
    if (answer?.status === 200 && isWrong)
      this.wrong.push(`upload ${uploadId} is completed with ${parts}`);
    if (answer?.status !== 200) return undefined;
    return this.#idOf({ ...answer, body: { ...(answer.body.file as object) } });
  }

  /** A person repeats what the SDK gave up, while the upload is not ready. */
  async #complete(client: ApiClient, path: string, partIds: readonly string[]) {
    for (let tries = 1; ; tries++) {
      const request = { method: 'POST', path, ...jsonOf({ part_ids: partIds }) } as const;
      const answer = await client.request(request);
      const isOpen = answer === undefined || answer.status >= 500;
      if (!isOpen || tries === 5) return answer;
      await client.wait(3 * MINUTE);
    }
  }

  async #create(
    client: ApiClient,
    fileId: string,
    body: string,
    { creates }: Habits,
  ): Promise<string | undefined> {
    const idempotencyKey = creates === 'by key' ? `key-${this.#serial++}` : undefined;
    const headers = {
      'content-type': 'application/json',
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    };
    const intent: CreateIntent = { fileId, body, idempotencyKey, accepted: undefined };
    this.intents.push(intent);
    // Who repeats by hand, without a header, wants another batch each time.
    const request = { method: 'POST', path: '/v1/batches', headers, body } as const;
    const before = this.repeats;
    const answer = await client.request(request);
    if (creates === 'by nothing')
      for (let more = this.repeats - before; more > 0; more--)
        this.intents.push({ ...intent, accepted: undefined });
    if (answer?.status === 409 && idempotencyKey === undefined)
      this.wrong.push(`${body} is taken for another request`);
    const batchId = this.#idOf(answer);
    if (batchId === undefined) return undefined;
    intent.accepted = batchId;
    if (idempotencyKey === undefined || !this.#random.chance(0.3)) return batchId;
    const again = await client.request(request);
    if (again && again.status < 500 && this.#idOf(again) !== batchId)
      this.wrong.push(`${idempotencyKey} makes ${batchId} and then ${this.#idOf(again)}`);
    return batchId;
  }

  /** At once, as a tidy program does. A person repeats what the SDK gave up. */
  async #delete(client: ApiClient, fileId: string): Promise<void> {
    this.deleted.add(fileId);
    const path = `/v1/files/${fileId}`;
    for (let tries = 0; tries < 5; tries++) {
      const answer = await client.request({ method: 'DELETE', path });
      if (answer?.status === 200) break;
      await client.wait(3 * MINUTE);
    }
  }

  async #cancel(client: ApiClient, batchId: string, times: number): Promise<void> {
    const random = this.#random;
    for (let time = 0; time < times; time++) {
      await client.wait(
        this.#schedule.life ? 12 * MINUTE : random.between(0, random.pick([MINUTE, HOUR])),
      );
      this.#world.onCommand(batchId);
      const path = `/v1/batches/${batchId}/cancel`;
      const answer = await client.request({ method: 'POST', path, ...jsonOf({}) });
      if (answer?.status === 200) this.cancelled.add(batchId);
    }
  }

  #idOf(answer: Pick<ApiAnswer, 'status' | 'body'> | undefined): string | undefined {
    const { status = 0, body } = answer ?? {};
    return status === 200 && typeof body?.id === 'string' ? body.id : undefined;
  }
}
