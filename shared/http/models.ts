import { ApiError } from './apiError.ts';
import type { Caller, HttpPorts } from './ports.ts';
import { pathParameter, type Routes } from './routes.ts';

type ModelPorts = Pick<HttpPorts, 'providers'>;

/** The models that the entries name. Others may run as well: entries pass on names that they do not know. */
export function modelRoutes(ports: ModelPorts): Routes {
  return {
    '/models': {
      async GET(context) {
        const data = await modelsOf(ports, context.get('caller'));
        return context.json({ object: 'list', data });
      },
    },
    // Names of models may have slashes.
    '/models/:model{.+}': {
      async GET(context) {
        const id = pathParameter(context, 'model');
        const model = (await modelsOf(ports, context.get('caller'))).find((each) => each.id === id);
        if (model) return context.json(model);
        const message = `The model ${JSON.stringify(id.slice(0, 100))} is not named by any provider entry`;
        throw new ApiError(404, message, { code: 'model_not_found', param: 'model' });
      },
    },
  };
}

/** Each model once, at the first entry that the caller may use and that names it. */
async function modelsOf({ providers }: ModelPorts, caller: Caller) {
  const owners = new Map<string, string>();
  for (const entry of allowedEntries(providers, caller)) {
    const { models = [] } = await providers.describe(entry);
    for (const model of models) if (!owners.has(model)) owners.set(model, entry);
  }
  // The settings do not say when a model was made.
  return [...owners].map(([id, owner]) => ({ id, object: 'model', created: 0, owned_by: owner }));
}

/** The entries that a caller may use, the default first. */
export function allowedEntries(
  { names }: Pick<HttpPorts['providers'], 'names'>,
  caller: Pick<Caller, 'providers'>,
): readonly string[] {
  return names.filter((name) => caller.providers?.includes(name) ?? true);
}
