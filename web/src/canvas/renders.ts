declare global {
  var cardRenders: (() => number) | undefined;
}

/** Counts how often cards render. The browser tests hold the page to it. */
const counter = { cards: 0 };

export function countRender(): void {
  counter.cards += 1;
}

globalThis.cardRenders = () => counter.cards;
