/** A batch in the API's format. */
export function wireBatch(fields: object = {}) {
  return {
    id: 'msgbatch_1',
    type: 'message_batch',
    processing_status: 'ended',
    request_counts: { processing: 0, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    ended_at: null,
    created_at: '2026-11-20T10:00:00.123456Z',
    expires_at: '2026-11-21T10:00:00.123456+00:00',
    archived_at: null,
    cancel_initiated_at: null,
    results_url: null,
    ...fields,
  };
}

export const CREATED_AT = Date.UTC(2026, 10, 20, 10, 0, 0, 123);
