import type { Page } from '../../core/mlflowserver/mlflowserver.ts';

/** A server that never comes to an end of its pages must not keep us. */
const MOST_PAGES = 10_000;

/** Everything that comes in pages, or at least `enough` of it. */
export async function collectPages<T>(
  fetch: (token: string | undefined) => Promise<Page<T>>,
  enough = Infinity,
): Promise<Page<T>> {
  const items: T[] = [];
  let unreadable = 0;
  let token: string | null = null;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const page: Page<T> = await fetch(token ?? undefined);
    for (const item of page.items) items.push(item);
    unreadable += page.unreadable;
    // The same token again would give the same page again.
    if (page.nextToken === token) break;
    token = page.nextToken;
    if (token === null || items.length >= enough) break;
  }
  return { items, unreadable, nextToken: token };
}
