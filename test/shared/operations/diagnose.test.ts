import { expect, it } from 'vitest';
import { diagnose } from '../../../shared/operations/doctor.ts';
import { type Check, type Finding, ok, type Subject } from '../../../shared/operations/findings.ts';

const check = (name: string, run: Check['run']): Check => ({
  name,
  permissions: ['x:GetThing'],
  run,
});

function failing(name: string, message: string): Check['run'] {
  return async () => {
    throw Object.assign(new Error(message), { name });
  };
}

it('what cannot be looked at is told, and keeps nothing else from being looked at', async () => {
  const checks = [
    check('slow', () => new Promise(() => {})),
    check('denied', failing('AccessDeniedException', 'User x is not authorized')),
    check('broken', failing('Error', 'no route to host')),
    check('well', async () => [ok('fine')]),
  ];
  // None of them looks at it.
  const subject = {} as Subject;
  const findings: Finding[] = [];
  for await (const finding of diagnose(subject, { checks, timeoutMs: 1 })) findings.push(finding);
  expect(findings).toEqual([
    { check: 'slow', level: 'unknown', what: 'could not be checked: no answer in 0.001 s' },
    {
      check: 'denied',
      level: 'unknown',
      what: 'could not be checked: you may not',
      fix: 'it takes x:GetThing',
    },
    { check: 'broken', level: 'unknown', what: 'could not be checked: Error: no route to host' },
    { check: 'well', level: 'ok', what: 'fine' },
  ]);
});
