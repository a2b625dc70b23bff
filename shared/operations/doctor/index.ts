export { diagnose } from './diagnose.ts';
export { subjectOf } from './subject.ts';
