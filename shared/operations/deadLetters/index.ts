export { depthOf, totalOf } from './depth.ts';
export { type DeadLetter, lookAtDeadLetters } from './look.ts';
export { type MoveProgress, redrive } from './redrive.ts';
