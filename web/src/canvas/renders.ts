/** Counts how often cards render. The browser tests hold the page to it. */
const counter = { cards: 0 };

export function countRender(): void {
  counter.cards += 1;
}

export function cardRenders(): number {
  return counter.cards;
}
