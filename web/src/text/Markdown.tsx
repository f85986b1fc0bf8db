import { lexer, Lexer, type Token, type Tokens } from 'marked';
import { Fragment, memo, useMemo, type ReactNode } from 'react';
import { CodeBlock } from './CodeBlock';
import './markdown.css';

/** Markdown as React elements. HTML in it is shown as the text that it is; no string ever becomes markup. */
export const Markdown = memo(function Markdown({ text, headings = 2 }: { text: string; headings?: number }) {
  const tokens = useMemo(() => lexer(text, { gfm: true, async: false }), [text]);
  return <div className="markdown">{blocks(tokens, headings)}</div>;
});

/** A line of markdown, without blocks. */
export const Inline = memo(function Inline({ text }: { text: string }) {
  const tokens = useMemo(() => Lexer.lexInline(text, { gfm: true }), [text]);
  return <>{inlines(tokens)}</>;
});

function blocks(tokens: Token[], headings: number): ReactNode[] {
  return tokens.map((token, at) => <Fragment key={at}>{block(token, headings)}</Fragment>);
}

function block(token: Token, headings: number): ReactNode {
  switch (token.type) {
    case 'heading': {
      const { depth, tokens } = token as Tokens.Heading;
      const Tag = `h${Math.min(depth - 1 + headings, 6)}` as 'h2';
      return <Tag id={slug(plain(tokens))}>{inlines(tokens)}</Tag>;
    }
    case 'paragraph':
      return <p>{inlines((token as Tokens.Paragraph).tokens)}</p>;
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? inlines(tokens) : text;
    }
    case 'code': {
      const { text, lang } = token as Tokens.Code;
      return <CodeBlock text={text} language={lang} />;
    }
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      const children = items.map((item, at) => (
        <li key={at}>
          {item.task && <input type="checkbox" checked={item.checked ?? false} readOnly disabled aria-label={item.checked ? 'done' : 'open'} />}
          {blocks(item.tokens, headings)}
        </li>
      ));
      return ordered ? <ol start={typeof start === 'number' ? start : undefined}>{children}</ol> : <ul>{children}</ul>;
    }
    case 'table':
      return <Table {...(token as Tokens.Table)} />;
    case 'blockquote':
      return <blockquote>{blocks((token as Tokens.Blockquote).tokens, headings)}</blockquote>;
    case 'hr':
      return <hr />;
    case 'space':
    case 'def':
      return null;
    default:
      return <p>{token.raw}</p>;
  }
}

function Table({ header, rows, align }: Tokens.Table) {
  const style = (at: number) => (align[at] ? { textAlign: align[at] } : undefined);
  const titled = header.some((cell) => cell.text !== '');
  return (
    // A wide table scrolls by itself, by keyboard too.
    <div className="markdown-table" tabIndex={0} role="region" aria-label="Table">
      <table>
        {titled && (
          <thead>
            <tr>
              {header.map((cell, at) => (
                <th key={at} scope="col" style={style(at)}>{inlines(cell.tokens)}</th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column} style={style(column)}>{inlines(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlines(tokens: Token[] | undefined): ReactNode[] {
  return (tokens ?? []).map((token, at) => <Fragment key={at}>{inline(token)}</Fragment>);
}

function inline(token: Token): ReactNode {
  switch (token.type) {
    case 'text': {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? inlines(tokens) : decoded(text);
    }
    case 'escape':
      return (token as Tokens.Escape).text;
    case 'strong':
      return <strong>{inlines((token as Tokens.Strong).tokens)}</strong>;
    case 'em':
      return <em>{inlines((token as Tokens.Em).tokens)}</em>;
    case 'del':
      return <del>{inlines((token as Tokens.Del).tokens)}</del>;
    case 'codespan':
      return <code>{(token as Tokens.Codespan).text}</code>;
    case 'br':
      return <br />;
    case 'link': {
      const { href, tokens } = token as Tokens.Link;
      return <Link href={href}>{inlines(tokens)}</Link>;
    }
    case 'image': {
      // Nothing is loaded from elsewhere: an image is shown as a link to it.
      const { href, text } = token as Tokens.Image;
      return <Link href={href}>{text === '' ? href : text}</Link>;
    }
    default:
      return token.raw;
  }
}

function Link({ href, children }: { href: string; children: ReactNode }) {
  if (href.startsWith('#')) {
    return (
      <button type="button" className="markdown-jump" onClick={(event) => jump(event.currentTarget, href.slice(1))}>
        {children}
      </button>
    );
  }
  if (!/^(?:https?|mailto):/iu.test(href)) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

/** The address of the page names the flow, so that a place within the text is scrolled to instead. */
function jump(from: HTMLElement, id: string): void {
  const target = from.closest('.markdown')?.querySelector(`[id="${CSS.escape(id)}"]`);
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  target?.scrollIntoView({ block: 'start', behavior: still ? 'auto' : 'smooth' });
}

function plain(tokens: Token[]): string {
  return tokens.map((token) => ('text' in token ? String(token.text) : token.raw)).join('');
}

function slug(text: string): string {
  return text.toLocaleLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, '').trim().replace(/\s+/gu, '-');
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", apos: "'", nbsp: '\u00a0' };

function decoded(text: string): string {
  return text.replace(/&(#39|\w+);/gu, (whole, name: string) => ENTITIES[name] ?? whole);
}
