/** Thrown when strategos itself is broken. A replica halts on it; no peer's input may cause it. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

/** Throws unless the condition holds; always on. Use it for facts that no peer, client or disk can change. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message)
}

/** Ends a switch over a union: the compiler refuses a forgotten case. */
export function assertNever(value: never): never {
  throw new AssertionFailure(`unexpected case: ${JSON.stringify(value)}`)
}
