/** The host's words as a sentence; a single word gets no full stop. */
export function sentence(text: string): string {
  const first = text.charAt(0).toLocaleUpperCase() + text.slice(1);
  return /[.!?]$/u.test(first) || !/\s/u.test(first) ? first : `${first}.`;
}
