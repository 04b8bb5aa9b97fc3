// Groups of a list.

/** The items by the name that each has, in their order. */
export function gathered<Item>(items: readonly Item[], nameOf: (item: Item) => string): Map<string, Item[]> {
  const all = new Map<string, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    const some = all.get(name);
    if (some) some.push(item);
    else all.set(name, [item]);
  }
  return all;
}
