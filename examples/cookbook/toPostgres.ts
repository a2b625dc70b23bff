import { answerText, defineProcessor, groupsOf } from 'batch-handler/processor';
import { inTransaction } from './postgres.js';

const ROWS_A_STATEMENT = 500;

/**
 * Appends the answers to a table, once: the delivery is noted in the same transaction as its rows,
 * so one that comes again finds itself and does nothing.
 *
 * ```sql
 * create table deliveries (id text primary key);
 * create table answers (custom_id text, batch_id text, answer text);
 * ```
 */
export const handler = defineProcessor((batch) =>
  inTransaction(async (database) => {
    const noted = await database.query(
      'insert into deliveries values ($1) on conflict do nothing',
      [batch.deliveryId],
    );
    if (noted.rowCount === 0) return;
    for await (const rows of groupsOf(batch.results(), ROWS_A_STATEMENT)) {
      const ids = rows.map(({ customId }) => customId);
      const answers = rows.map(({ response }) => answerText(response.body));
      await database.query(
        'insert into answers select id, $1, answer from unnest($2::text[], $3::text[]) as row (id, answer)',
        [batch.batchId, ids, answers],
      );
    }
  }),
);
