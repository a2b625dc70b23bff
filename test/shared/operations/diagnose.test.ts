import { expect, it } from 'vitest';
import {
  type Check,
  type DoctorContext,
  type Finding,
  okResult,
} from '../../../shared/operations/check.ts';
import { diagnose } from '../../../shared/operations/doctor.ts';

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

it('a check that fails or does not end is reported, and does not affect the others', async () => {
  const checks = [
    check('slow', () => new Promise(() => {})),
    check('denied', failing('AccessDeniedException', 'User x is not authorized')),
    check('broken', failing('Error', 'no route to host')),
    check('well', async () => [okResult('fine')]),
  ];
  // No check uses it.
  const context = {} as DoctorContext;
  const findings: Finding[] = [];
  for await (const finding of diagnose(context, checks, { timeoutMs: 1 })) findings.push(finding);
  expect(findings).toEqual([
    { check: 'slow', level: 'unknown', what: 'not checked: no answer within 0.001 s' },
    {
      check: 'denied',
      level: 'unknown',
      what: 'not checked: access denied',
      fix: 'needs x:GetThing',
    },
    { check: 'broken', level: 'unknown', what: 'not checked: Error: no route to host' },
    { check: 'well', level: 'ok', what: 'fine' },
  ]);
});
