import { isNamed } from './lambda/isNamed.ts';
import { localTimeoutSeconds, localVisibilitySeconds } from './lambda/timeouts.ts';
import type { StackResources } from './template/resources.ts';

/** The stack with the timeouts of a local run: of its functions and of the queues that feed them. */
export function localResources(resources: StackResources, timeScale: number): StackResources {
  const functions = resources.functions.map((resource) => ({
    ...resource,
    timeoutSeconds: localTimeoutSeconds(resource.timeoutSeconds, timeScale),
  }));
  const queues = resources.queues.map((queue) => {
    const source = resources.eventSources.find(({ queueArn }) => queueArn === queue.arn);
    const consumer = functions.find(({ name, arn }) => isNamed(source?.functionName, name, arn));
    if (consumer === undefined) return queue;
    const seconds = localVisibilitySeconds(queue.VisibilityTimeout, consumer.timeoutSeconds);
    return { ...queue, VisibilityTimeout: seconds };
  });
  return { ...resources, functions, queues };
}
