import type { Page } from '@playwright/test';

/**
 * What a person can't get at on the page, or in the topmost dialog: controls that are cut off by an edge that does not
 * scroll, or lie under something else; labels that are cut; a page or a panel that scrolls sideways, as only code and
 * tables may. Cards count by themselves: the canvas moves.
 */
export async function outOfReach(page: Page): Promise<string[]> {
  // What slides in is there first.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));
  return page.evaluate(() => {
    const CONTROLS = 'button, a[href], input, select, textarea, summary, [role=tab], [role=option], [role=menuitem]';
    const SLACK_PX = 1;
    const found: string[] = [];
    const nameOf = (element: Element) => {
      const text = element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40) ?? '';
      return `${element.tagName.toLowerCase()}.${String(element.getAttribute('class') ?? '').replaceAll(' ', '.')} “${text}”`;
    };
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth - clientWidth} px wider than the window`);

    const top = [...document.querySelectorAll('dialog[open], :popover-open')].at(-1) ?? document.body;
    for (const element of top.querySelectorAll<HTMLElement>('*')) {
      if (!element.checkVisibility() || element.closest('.react-flow__node, pre, .markdown-table, .visually-hidden')) continue;
      const { overflowX, textOverflow } = getComputedStyle(element);
      const wider = element.scrollWidth - element.clientWidth;
      if ((overflowX === 'auto' || overflowX === 'scroll') && wider > SLACK_PX) found.push(`${nameOf(element)} scrolls sideways by ${wider} px`);
      if (element.matches('button, h1, h2, h3') && textOverflow !== 'ellipsis' && wider > SLACK_PX) found.push(`${nameOf(element)} is cut by ${wider} px`);
    }

    for (const control of top.querySelectorAll<HTMLElement>(CONTROLS)) {
      if (!control.checkVisibility() || control.closest('.react-flow__node, .react-flow__attribution, .visually-hidden')) continue;
      control.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      const { left, right, top: above, bottom } = control.getBoundingClientRect();
      if (left < -SLACK_PX || above < -SLACK_PX || right > innerWidth + SLACK_PX || bottom > innerHeight + SLACK_PX) {
        found.push(`${nameOf(control)} is cut off at ${Math.round(left)}…${Math.round(right)}, ${Math.round(above)}…${Math.round(bottom)}`);
        continue;
      }
      const hit = document.elementFromPoint((left + right) / 2, (above + bottom) / 2);
      const same = hit && (control.contains(hit) || hit.contains(control) || (control.closest('label')?.contains(hit) ?? false));
      if (!same) found.push(`${nameOf(control)} is covered by ${hit ? nameOf(hit) : 'nothing'}`);
    }
    for (const element of document.querySelectorAll('*')) {
      if (element.scrollTop + element.scrollLeft === 0) continue;
      const { overflowX, overflowY } = getComputedStyle(element);
      const hides = overflowX === 'hidden' && overflowY === 'hidden';
      if (hides && !element.matches('input, .react-flow__pane')) found.push(`${nameOf(element)} holds something beyond its edge`);
    }
    return found;
  });
}

/** The cards that are not seen whole: beyond the window, or under something else. */
export async function hiddenCards(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.react-flow__node')].flatMap((card) => {
      const { left, right, top, bottom } = card.getBoundingClientRect();
      const points = [[left + 4, (top + bottom) / 2], [right - 4, (top + bottom) / 2], [(left + right) / 2, top + 4], [(left + right) / 2, bottom - 4]] as const;
      const seen = points.every(([x, y]) => card.contains(document.elementFromPoint(x, y)));
      return seen ? [] : [card.getAttribute('aria-label') ?? ''];
    }),
  );
}
