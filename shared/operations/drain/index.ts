export { drain } from './drain.ts';
export { keptResources } from './kept.ts';
export { deadLettersIn, outstandingOf } from './outstanding.ts';
