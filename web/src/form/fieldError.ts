import type { ApiError } from '../api/client';

/** What an error of the host says of a field, by the field's path; of a message about several fields, what it says of the first. */
export function fieldErrorOf({ kind, field, message }: ApiError): Record<string, string> | undefined {
  if (kind !== 'invalid_input' || field == null) return undefined;
  return { [field]: message.split(/; (?=`)/u, 1)[0] ?? message };
}
