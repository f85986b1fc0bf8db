import { createContext, useContext } from 'react';
import type { Answer } from '../api/client';
import type { Choice } from '../api/nodes';

/** What fields need beside their value. */
export interface FormContext {
  /** What the host said about a field, by its dotted path. */
  errors: Readonly<Record<string, string>>;
  /** Looks up the choices of a field; absent where nothing can be looked up. */
  lookUp?: (method: string, signal: AbortSignal) => Promise<Answer<Choice[]>>;
  /** The values of the form, of which looked-up choices depend. */
  values: Readonly<Record<string, unknown>>;
  /** Secrets that are saved already, by their dotted path: they are shown as set, and can be replaced. */
  savedSecrets?: ReadonlySet<string>;
  /** Shows what is missing also where nobody has been yet. */
  strict?: boolean;
}

const Context = createContext<FormContext>({ errors: {}, values: {} });

export const FormProvider = Context.Provider;
export const useForm = () => useContext(Context);
