import { parseWorkMessage } from '../../shared/usecases/work/parse.ts';
import { work } from '../../shared/usecases/work/work.ts';
import { sqsHandler } from '../sqsHandler.ts';

/** Moves the bytes: inspects, submits and collects, one batch at a time. */
export const handler = sqsHandler((dependencies, { body }, deadline) =>
  work(dependencies, parseWorkMessage(body), deadline),
);
