import { googleClassifier, isAboutMissing } from '../google/errors.ts';

export const classify = googleClassifier('Gemini', [
  // Of a create call: the file that was just uploaded is not visible yet.
  {
    when: ({ message }) => isAboutMissing(message),
    upload: 'permanent',
    create: 'transient',
    read: 'missing',
  },
  {
    when: ({ status, message }) => status === 404 && /\bmodels?\b/i.test(message),
    upload: 'permanent',
    create: 'permanent',
    read: 'missing',
  },
  // The path does not exist: no batch can start at the entry's base URL.
  { when: ({ status }) => status === 404, upload: 'account', create: 'account', read: 'missing' },
]);
