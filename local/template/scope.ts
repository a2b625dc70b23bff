import { type Account, pseudoParameter } from './account.ts';
import { holds } from './conditions.ts';
import type { Identity } from './identify.ts';
import { IDENTITIES, identifyUnknown } from './identities.ts';
import { resolve, type Scope } from './intrinsics.ts';
import type { Template } from './template.ts';

/** The names of one template, as they are in one account. Resources are named when first asked for. */
export function scopeOf(
  template: Template,
  account: Account,
): Scope & { identityOf(logicalId: string): Identity } {
  const identities = new Map<string, Identity>();

  const identityOf = (logicalId: string): Identity => {
    const known = identities.get(logicalId);
    if (known !== undefined) return known;
    const resource = template.Resources[logicalId];
    if (resource === undefined)
      throw new Error(`the template refers to ${logicalId}, which it does not define`);
    const identify = IDENTITIES[resource.Type] ?? identifyUnknown(resource.Type);
    const property = (name: string): string | undefined => {
      const value = resolve(resource.Properties[name], scope);
      return value === undefined ? undefined : String(value);
    };
    const identity = identify({ logicalId, account, property });
    identities.set(logicalId, identity);
    return identity;
  };

  const scope: Scope = {
    reference(name) {
      const pseudo = pseudoParameter(account, name);
      if (pseudo !== undefined) return pseudo;
      if (!(name in template.Parameters)) return identityOf(name).ref;
      const value = template.Parameters[name]?.Default;
      if (value === undefined)
        throw new Error(
          `the parameter ${name} has no default: a local run gives parameters no value`,
        );
      return value;
    },
    attribute(logicalId, name) {
      const identity = identityOf(logicalId);
      const value = identity.attributes[name];
      if (value !== undefined) return value;
      const { Type: type = '' } = template.Resources[logicalId] ?? {};
      if (!(type in IDENTITIES)) return `${identity.name}.${name}`;
      throw new Error(`the attribute ${name} of ${logicalId} (${type}) is not supported locally`);
    },
    condition(name) {
      if (!(name in template.Conditions))
        throw new Error(`the template refers to the condition ${name}, which it does not define`);
      return holds(template.Conditions[name], scope);
    },
  };
  return { ...scope, identityOf };
}
