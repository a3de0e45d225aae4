import { EmbedbagError, type HubRepository, parseHubId } from '@embedbag/core';

/** Refuses a repository that the hub cannot have: `hub-invalid-repository`. */
export function checkRepository({ name, type }: HubRepository): void {
  const isName = parseHubId(name)?.name === name;
  if (isName && (type === 'model' || type === 'dataset')) return;
  throw new EmbedbagError({
    code: 'hub-invalid-repository',
    message: `Expected a model or dataset named \`owner/name\`, received the ${type} \`${name}\`. Write the name as the hub's page has it.`,
    details: { name, type },
  });
}
