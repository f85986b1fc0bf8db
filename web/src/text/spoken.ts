import { lexer, type Token } from 'marked';

/** Markdown as it would be read aloud: its words, without the marks. */
export function spoken(markdown: string): string {
  return lexer(markdown, { gfm: true, async: false }).map(words).join(' ').replace(/\s+/gu, ' ').trim();
}

function words(token: Token): string {
  if ('items' in token) return (token.items as Token[]).map(words).join('. ');
  if ('rows' in token) return [token['header'] as Token[], ...(token['rows'] as Token[][])].map((row) => row.map(words).join(', ')).join('. ');
  if ('tokens' in token && token.tokens) return token.tokens.map(words).join('');
  return 'text' in token ? String(token['text']) : token.raw;
}
