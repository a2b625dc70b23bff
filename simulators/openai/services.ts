import type { Dialect } from './dialect.ts';
import { OPENAI } from './index.ts';

/**
 * Services that speak OpenAI's Batch API, by what each does differently. None was called: these are
 * the shapes that their documentation shows, as it was in November 2026.
 */
export const SERVICES = {
  /** https://console.groq.com/docs/batch: pages by a cursor, windows of 24 hours to 7 days. */
  groq: {
    windows: ['24h', '48h', '7d'],
    cursor: 'cursor',
    uploadFields: () => ['purpose'],
    showList: ({ has_more: hasMore, last_id: lastId, ...list }) => ({
      ...list,
      paging: { next_cursor: hasMore ? lastId : null },
    }),
  },
  /** https://docs.doubleword.ai: windows of 1 and 24 hours. */
  doubleword: { windows: ['1h', '24h'] },
  /** https://docs.parasail.io: as OpenAI's. */
  parasail: {},
  /** https://deepinfra.com/blog/batch-api: as OpenAI's. */
  deepinfra: {},
  /**
   * https://novita.ai/docs/api-reference/model-apis-llm-list-batches: one window of 48 hours, errors
   * and times as texts, statuses in capitals, no metadata.
   */
  novita: {
    windows: ['48h'],
    createFields: () => ['completion_window', 'endpoint', 'input_file_id', 'metadata'],
    uploadFields: () => ['purpose'],
    showBatch: ({ status, created_at: createdAt = 0, request_counts: counts, ...batch }) => ({
      ...batch,
      ...counts,
      status: status === 'in_progress' ? 'PROGRESS' : status.toUpperCase(),
      created_at: new Date(createdAt * 1000).toISOString(),
      errors: '',
      output_file_id: batch.output_file_id ?? '',
      error_file_id: batch.error_file_id ?? '',
      metadata: {},
      request_counts: counts,
    }),
  },
  /**
   * https://www.alibabacloud.com/help/en/model-studio/batch-interfaces-compatible-with-openai: windows
   * of 24 to 336 hours, metadata of its own.
   */
  dashscope: {
    windows: ['24h', '336h'],
    uploadFields: () => ['purpose'],
    showBatch: (batch) => ({ ...batch, metadata: { ds_name: '', ds_description: '' } }),
  },
  /** https://docs.maritaca.ai/en/batch-api: few fields, errors as a list of texts. */
  maritaca: {
    uploadFields: () => ['purpose'],
    showBatch: ({ id, status, created_at, input_file_id, output_file_id, error_file_id }) => ({
      ...{ id, status, created_at, input_file_id, output_file_id, error_file_id },
      errors: [],
    }),
  },
  /** https://docs.litellm.ai/docs/batches: what lies behind decides; null metadata, short lists. */
  litellm: {
    showBatch: (batch) => ({ ...batch, metadata: null }),
    showList: ({ data }) => ({ object: 'list', data }),
  },
} satisfies Readonly<Record<string, Partial<Dialect>>>;
export type ServiceName = keyof typeof SERVICES;

/** The dialect of a service. */
export function dialectOf(service: ServiceName): Dialect {
  return { ...OPENAI, ...SERVICES[service], name: service };
}
