import { atMost, type Benchmark } from '../figure.ts';
import { median } from '../statistics.ts';
import { type Latency, observeStack } from './observe.ts';

export const latency: Benchmark = {
  name: 'latency',
  title: 'Latency of a batch in the whole local stack, beyond the wait for the schedule',
  async run() {
    const { latencies } = await observeStack();
    const seconds = (part: keyof Latency) => median(latencies.map((one) => one[part])) / 1000;
    return [
      {
        name: 'latency-message-to-job',
        what: 'message sent → job created',
        ...{ value: seconds('untilCreated'), unit: 's', goal: atMost(2) },
      },
      {
        name: 'latency-done-to-processor',
        what: 'job done → processor invoked',
        ...{ value: seconds('untilInvoked'), unit: 's', goal: atMost(2) },
      },
    ];
  },
};
