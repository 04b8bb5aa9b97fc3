// A JSON text, and where in it a JSON pointer points.

import { parse, type ValueNode } from "@humanwhocodes/momoa";
import { tokensOf } from "./pointer.ts";

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A JSON text. It is parsed with positions only when one is asked for, which is slow and rarely needed. */
export class JsonText {
  readonly text: string;
  #root: ValueNode | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Where the value is that a JSON pointer means; if there is none, where its nearest existing ancestor is. */
  position(pointer: string): Position {
    const found = this.#find(pointer);
    return found ? positionAt(this.text, found.node.loc.start.offset) : { line: 1, column: 1 };
  }

  /** The text of the number at a pointer, if the file has numbers so long that JavaScript may have rounded them. */
  literal(pointer: string): string | undefined {
    if (!/\d{16}/.test(this.text)) return undefined;
    const found = this.#find(pointer);
    if (!found?.exact || found.node.type !== "Number") return undefined;
    const { start, end } = found.node.loc;
    return this.text.slice(start.offset, end.offset);
  }

  #find(pointer: string): { node: ValueNode; exact: boolean } | undefined {
    this.#root ??= rootOf(this.text);
    if (!this.#root) return undefined;
    let node = this.#root;
    for (const token of tokensOf(pointer)) {
      const next = child(node, token);
      if (!next) return { node, exact: false };
      node = next;
    }
    return { node, exact: true };
  }
}

/** The line and column of an offset. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

function child(node: ValueNode, token: string): ValueNode | undefined {
  switch (node.type) {
    case "Array":
      return node.elements[Number(token)]?.value;
    case "Object":
      // Of a name that is there twice, JSON.parse takes the last.
      return node.members.findLast(({ name }) => name.type === "String" && name.value === token)?.value;
    default:
      return undefined;
  }
}

/** Undefined for what is no JSON, or nests too deeply for a recursive parser. */
function rootOf(text: string): ValueNode | undefined {
  try {
    return parse(text).body;
  } catch {
    return undefined;
  }
}
