/** Where facts are drawn: those that are related near each other, none over another. */

export interface Point {
  x: number;
  y: number;
}

export interface Link {
  source: string;
  target: string;
}

/** A fact on its way to its place, and what pulls at it. */
interface Body extends Point {
  pullX: number;
  pullY: number;
}
type Pair = readonly [Body, Body];

const SPACING = 96;
/** Farther apart than this, nothing pushes. */
const FAR = 2.4 * SPACING;
/** Keeps what nothing is related to from drifting away. */
const GRAVITY = 0.2;
const MOST_ROUNDS = 240;
const FEWEST_ROUNDS = 60;
/** Rounds times facts: more facts get fewer rounds, so that it takes a moment at most. */
const EFFORT = 16_000;
/** Labels are wide: what is drawn is stretched by this. */
const STRETCH = 1.3;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Forces that push all apart and pull the related together. Places that are known stay about where they are; the same input gives the same places. */
export function arranged(ids: readonly string[], links: readonly Link[], known: ReadonlyMap<string, Point>): Map<string, Point> {
  const bodies = firstPlaces(ids, links, known);
  const all = [...bodies.values()];
  const pairs = links.flatMap(({ source, target }): Pair[] => {
    const [from, to] = [bodies.get(source), bodies.get(target)];
    return from && to && from !== to ? [[from, to]] : [];
  });
  const calm = known.size > 0;
  const rounds = Math.max(FEWEST_ROUNDS, Math.min(MOST_ROUNDS, Math.round(EFFORT / ids.length))) / (calm ? 3 : 1);
  for (let round = 0; round < rounds; round++) {
    pullAll(all, pairs);
    move(all, SPACING * (calm ? 0.2 : 0.6) * (1 - round / rounds));
  }
  return new Map([...bodies].map(([id, { x, y }]) => [id, { x: x * STRETCH, y }]));
}

/** Known places, else near a neighbour that has one, else on a spiral. */
function firstPlaces(ids: readonly string[], links: readonly Link[], known: ReadonlyMap<string, Point>): Map<string, Body> {
  const beside = new Map<string, Point>();
  for (const { source, target } of links) {
    const [from, to] = [known.get(source), known.get(target)];
    if (from) beside.set(target, from);
    if (to) beside.set(source, to);
  }
  return new Map(
    ids.map((id, index) => {
      const place = known.get(id);
      const near = beside.get(id);
      const angle = index * GOLDEN_ANGLE;
      const radius = place ? 0 : near ? SPACING / 2 : SPACING * 0.5 * Math.sqrt(index);
      const from = place ?? near ?? { x: 0, y: 0 };
      return [id, { x: from.x / STRETCH + radius * Math.cos(angle), y: from.y + radius * Math.sin(angle), pullX: 0, pullY: 0 }];
    }),
  );
}

function pullAll(bodies: readonly Body[], pairs: readonly Pair[]): void {
  for (const body of bodies) {
    body.pullX = -body.x * GRAVITY;
    body.pullY = -body.y * GRAVITY;
  }
  bodies.forEach((one, at) => {
    for (let other = at + 1; other < bodies.length; other++) {
      const two = bodies[other];
      if (!two) continue;
      // Two in one place part.
      const x = one.x - two.x || 0.01 * (at - other);
      const y = one.y - two.y || 0.01;
      const square = Math.max(1, x * x + y * y);
      if (square > FAR * FAR) continue;
      const push = (SPACING * SPACING) / square;
      one.pullX += x * push;
      one.pullY += y * push;
      two.pullX -= x * push;
      two.pullY -= y * push;
    }
  });
  for (const [one, two] of pairs) {
    const x = one.x - two.x;
    const y = one.y - two.y;
    const pull = Math.hypot(x, y) / SPACING;
    one.pullX -= x * pull;
    one.pullY -= y * pull;
    two.pullX += x * pull;
    two.pullY += y * pull;
  }
}

function move(bodies: readonly Body[], most: number): void {
  for (const body of bodies) {
    const length = Math.hypot(body.pullX, body.pullY);
    if (length === 0) continue;
    const scale = Math.min(length, most) / length;
    body.x += body.pullX * scale;
    body.y += body.pullY * scale;
  }
}
