import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Format } from '../../../shared/batch/messages.ts';
import type { UploadInfo } from '../../../shared/console/uploads.ts';
import { answerOf, api } from '../../api.ts';
import { Note } from '../note.tsx';

/** As what the file is read: whoever changes that has it inspected again. */
export function ReadAs({ upload }: { readonly upload: UploadInfo }) {
  const { id, inspection } = upload;
  const before = { format: inspection?.format ?? 'openai', endpoint: inspection?.endpoint ?? '' };
  const [format, setFormat] = useState<Format>(before.format);
  const [endpoint, setEndpoint] = useState(before.endpoint);
  const { mutate, error } = useMutation({
    mutationFn: () => {
      const json = { format, endpoint: endpoint.trim() || undefined };
      return answerOf(api.uploads[':id'].inspect.$post({ param: { id }, json }));
    },
  });
  const isSame = format === before.format && endpoint.trim() === before.endpoint;
  return (
    <details>
      <summary>Read it as another format, or for another endpoint</summary>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          mutate();
        }}
      >
        <label>
          Bodies of the requests
          <select
            value={format}
            onChange={({ target }) => setFormat(target.value === 'native' ? 'native' : 'openai')}
          >
            <option value="openai">OpenAI’s format, translated</option>
            <option value="native">the provider’s own</option>
          </select>
        </label>
        <label>
          Endpoint of all requests
          <input
            value={endpoint}
            placeholder="the url of the first line"
            onChange={({ target }) => setEndpoint(target.value)}
          />
        </label>
        <button type="submit" disabled={isSame}>
          Inspect it again
        </button>
      </form>
      {error && <Note kind="problem">{error.message}</Note>}
    </details>
  );
}
