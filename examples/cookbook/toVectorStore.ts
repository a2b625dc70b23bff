import { defineProcessor, groupsOf } from 'batch-handler/processor';
import { inTransaction } from './postgres.js';

/** Some 10 MB of vectors with 3,072 dimensions. */
const ROWS_A_STATEMENT = 100;

/** What /v1/embeddings answers for a request with one text. */
interface EmbeddingAnswer {
  readonly data: readonly [{ readonly embedding: readonly number[] }];
}

/**
 * Keeps the embedding of each document in Postgres with pgvector. The `custom_id` of a request is
 * the document's id, and a newer embedding takes the place of an older one.
 *
 * ```sql
 * create extension vector;
 * create table documents (id text primary key, text text, embedding vector(1536));
 * ```
 */
export const handler = defineProcessor((batch) =>
  inTransaction(async (database) => {
    for await (const rows of groupsOf(batch.results<EmbeddingAnswer>(), ROWS_A_STATEMENT)) {
      const ids = rows.map(({ customId }) => customId);
      const texts = rows.map(({ request }) => request.body.input);
      const vectors = rows.map(({ response }) => JSON.stringify(response.body.data[0].embedding));
      await database.query(
        `insert into documents
           select id, text, embedding::vector
           from unnest($1::text[], $2::text[], $3::text[]) as row (id, text, embedding)
         on conflict (id) do update set text = excluded.text, embedding = excluded.embedding`,
        [ids, texts, vectors],
      );
    }
  }),
);
