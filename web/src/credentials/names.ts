import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { credentials } from '../api/credentials';

/** The saved credentials by id, as far as cards and menus name them. */
export interface CredentialName {
  id: string;
  name: string;
  type: string;
  /** Counts the changes of its fields and name. */
  revision: number;
}

export const credentialNames = createStore<{
  all: readonly CredentialName[];
  /** The ids of all that are saved, those that can't be read among them; `undefined` before they were asked for. */
  ids: ReadonlySet<string> | undefined;
}>(() => ({ all: [], ids: undefined }));

/** Fetches the names anew; the old ones stay where the host does not answer. */
export async function refreshCredentialNames(): Promise<void> {
  const answer = await credentials.list();
  if (!answer.ok) return;
  const all = answer.value.credentials.flatMap(({ id, credential }) =>
    credential ? [{ id, name: credential.name, type: credential.type, revision: credential.revision }] : [],
  );
  credentialNames.setState({ all, ids: new Set(answer.value.credentials.map(({ id }) => id)) });
}

/** Whether it is known that no credential has this id: it was deleted. */
export function isGone(id: string): boolean {
  return credentialNames.getState().ids?.has(id) === false;
}

/** As `isGone`; renders anew when it changes. */
export function useGone(id: string | undefined): boolean {
  return useStore(credentialNames, ({ ids }) => id !== undefined && ids?.has(id) === false);
}

export function useCredentialName(id: string | undefined): string | undefined {
  return useStore(credentialNames, ({ all }) => all.find((credential) => credential.id === id)?.name);
}
