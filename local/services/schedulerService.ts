import type { StackResources } from '../template/resources.ts';
import { type Service, serviceError } from './service.ts';

const SCHEDULE_PATH = /^\/schedules\/([^/]+)$/;

/** EventBridge Scheduler's GetSchedule. */
export function schedulerService(schedules: StackResources['schedules']): Service {
  return ({ path }) => {
    const name = decodeURIComponent(SCHEDULE_PATH.exec(path)?.[1] ?? '');
    const schedule = schedules.find((each) => each.name === name);
    if (schedule === undefined)
      return serviceError(404, 'ResourceNotFoundException', `Schedule ${name} does not exist.`);
    const body = {
      Name: name,
      Arn: schedule.arn,
      State: schedule.enabled ? 'ENABLED' : 'DISABLED',
      ScheduleExpression: schedule.expression,
      Target: { Arn: schedule.functionName },
    };
    return { status: 200, body };
  };
}
