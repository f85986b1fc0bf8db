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

export const credentialNames = createStore<{ all: readonly CredentialName[] }>(() => ({ all: [] }));

/** Fetches the names anew; the old ones stay where the host does not answer. */
export async function refreshCredentialNames(): Promise<void> {
  const answer = await credentials.list();
  if (!answer.ok) return;
  const all = answer.value.credentials.flatMap(({ id, credential }) =>
    credential ? [{ id, name: credential.name, type: credential.type, revision: credential.revision }] : [],
  );
  credentialNames.setState({ all });
}

export function useCredentialName(id: string | undefined): string | undefined {
  return useStore(credentialNames, ({ all }) => all.find((credential) => credential.id === id)?.name);
}
