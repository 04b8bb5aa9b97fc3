// JSON pointers: https://www.rfc-editor.org/rfc/rfc6901

/** The pointer of these tokens. */
export function pointerOf(tokens: readonly PropertyKey[]): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The tokens of a pointer. */
export function tokensOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}
