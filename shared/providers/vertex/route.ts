import type { Format } from '../../batch/format.ts';
import type { SettingsOf } from '../../providerSettings.ts';
import { modelAt } from '../models.ts';
import { FAMILIES } from './families.ts';
import { type Model, modelOf } from './model.ts';
import type { Column } from './store.ts';

/** How the requests of one job become Vertex AI's, and its answers ours. */
export interface Route {
  /** The model's resource name. */
  readonly model: string;
  /** Of the table that holds the requests, where one does. */
  readonly columns: readonly Column[];
  /**
   * One line of the input. Throws RefusedError naming the field that the model cannot express.
   *
   * @param reference what stands for the request's `custom_id`
   */
  line(body: Readonly<Record<string, unknown>>, reference: string): object;
  /** The body of the response. Throws Error for an answer that is of no use. */
  responseBody(response: unknown, facts: AnswerFacts): unknown;
}

interface AnswerFacts {
  readonly reference: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/** What a translation depends on. */
export interface Order {
  readonly endpoint: string;
  readonly format: Format;
  /** As the requests name it. */
  readonly name: string;
  readonly model: Model;
  readonly store: 'gcs' | 'bigquery';
  readonly dropFields: readonly string[];
}

/** @throws RefusedError for a model that is not known, or cannot do what the endpoint asks for */
export function routeOf(
  { models, dropFields, store }: Pick<SettingsOf<'vertex-ai'>, 'models' | 'dropFields' | 'store'>,
  job: { readonly endpoint: string; readonly model: string; readonly format: Format },
): Route {
  const model = modelOf(modelAt(models, job.model));
  const { endpoint, format, model: name } = job;
  return FAMILIES[model.family]({ endpoint, format, name, model, store: store.type, dropFields });
}
