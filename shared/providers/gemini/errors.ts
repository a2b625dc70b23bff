import { googleClassifier, isAboutMissing } from '../google/errors.ts';

export const classify = googleClassifier('Gemini', {
  when: ({ status, message }) => status === 404 || isAboutMissing(message),
  upload: 'permanent',
  create: 'permanent',
  read: 'missing',
});
