import type { Context } from 'aws-lambda';
import { defineProcessor } from '../../../shared/processor/index.ts';

/** A function that the machine kills while it processes the delivery in its environment. */
const { DELIVERY = '', REMAINING_MS } = process.env;
const handler = defineProcessor(async () => void process.kill(process.pid, 'SIGKILL'), {
  once: true,
});
await handler(JSON.parse(DELIVERY), {
  getRemainingTimeInMillis: () => Number(REMAINING_MS),
} as Context);
