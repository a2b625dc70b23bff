import { ENVIRONMENT } from '../shared/config.ts';
import type { StackResources } from './template/resources.ts';

/** Where the handler's data is: what a user of the stack needs to know. */
export interface HandlerNames {
  readonly table: string;
  readonly bucket: string;
  /** By its name, not its URL. */
  readonly batchQueue: string;
  readonly deadLetterQueue: string;
}

/** Finds the handler's resources by the environment that the stack gives its functions. */
export function findHandlerNames({ functions }: Pick<StackResources, 'functions'>): HandlerNames {
  const find = (variable: string): string => {
    for (const { environment } of functions) {
      const value = environment[variable];
      if (value !== undefined) return value;
    }
    throw new Error(`no function of the stack has ${variable}: it is not a Batch Handler stack`);
  };
  const nameOfQueue = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
  return {
    table: find(ENVIRONMENT.table),
    bucket: find(ENVIRONMENT.bucket),
    batchQueue: nameOfQueue(find(ENVIRONMENT.batchQueue)),
    deadLetterQueue: nameOfQueue(find(ENVIRONMENT.deadLetterQueue)),
  };
}
