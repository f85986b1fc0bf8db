import { argumentsOf, textOf, type Item } from './messages';

/** The places of the items that hold the words, in order. Case is not told apart. */
export function find(items: readonly Item[], query: string): number[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return [];
  return items.flatMap((item, at) => (searchable(item).includes(wanted) ? [at] : []));
}

function searchable({ message, calls }: Item): string {
  const called = calls.flatMap(({ call, result }) => [call.name, argumentsOf(call), result ? textOf(result.message) : '']);
  return [textOf(message), message.name ?? '', ...called].join('\n').toLocaleLowerCase();
}

/** Ranges of the words in what is shown, to be highlighted. */
export function rangesIn(root: Node, query: string): Range[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return [];
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? '').toLocaleLowerCase();
    // A letter whose small form has another length would shift what follows.
    if (text.length !== node.nodeValue?.length) continue;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      ranges.push(range);
    }
  }
  return ranges;
}
