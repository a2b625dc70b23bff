import OpenAI from 'openai';
import type { StackResources } from '../../../local/template/resources.ts';
import { hashOf, makeKey } from '../../../shared/http/keys.ts';
import { apiKeyStore } from '../../../shared/stores/apiKeys.ts';
import type { ItemTable } from '../../../shared/stores/itemTable.ts';
import { systemChance } from '../../../shared/system.ts';

/** OpenAI's own client of the stack's API, with a key: it repeats a call twice. */
export async function connectClient(
  { functions, functionUrls }: Pick<StackResources, 'functions' | 'functionUrls'>,
  items: ItemTable,
): Promise<OpenAI> {
  const api = functions.find(({ logicalId }) => logicalId.includes('Api'));
  const url = functionUrls.find(({ functionArn }) => functionArn === api?.arn)?.url;
  if (url === undefined) throw new Error('the API has no URL');
  const { keyId, key: apiKey } = makeKey(systemChance);
  const createdAt = Date.now();
  await apiKeyStore(items).create({ keyId, sha256: hashOf(apiKey), name: 'kill', createdAt });
  return new OpenAI({ apiKey, baseURL: `${url}v1`, maxRetries: 2 });
}

/**
 * Uploads a file in two parts and creates a batch of it.
 *
 * @param drain handles what is queued: the call that completes the upload waits for a worker
 * @returns the id of the batch
 */
export async function createOverHttp(
  client: OpenAI,
  content: string,
  drain: () => Promise<unknown>,
): Promise<string> {
  const bytes = Buffer.byteLength(content);
  const upload = await client.uploads.create({
    ...{ filename: 'f.jsonl', purpose: 'batch', bytes, mime_type: 'text/jsonl' },
  });
  const partIds: string[] = [];
  for (const text of [content.slice(0, bytes >> 1), content.slice(bytes >> 1)]) {
    const part = await client.uploads.parts.create(upload.id, { data: new File([text], 'p') });
    partIds.push(part.id);
  }
  let isOver = false;
  const completing = client.uploads.complete(upload.id, { part_ids: partIds }).finally(() => {
    isOver = true;
  });
  while (!isOver) await drain();
  const { file } = await completing;
  const batch = await client.batches.create({
    ...{ input_file_id: file?.id ?? '', endpoint: '/v1/embeddings', completion_window: '24h' },
  });
  return batch.id;
}
