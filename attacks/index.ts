/**
 * The language of attacks, as `strategos/attacks`: what an attack in a file of one's own is written with.
 * `strategos attack ./mine.mjs` runs it.
 */

export type { Adversary } from './language/adversary.ts'
export * from './language/adversary-context.ts'
export * from './language/attack.ts'
export * from './language/behaviour.ts'
export * from './language/client-behaviour.ts'
export type { ClientContext } from './language/client-context.ts'
export * from './language/expectations.ts'
export type { InterceptedFrame } from './language/intercepted-frame.ts'
export * from './language/mutations.ts'
export * from './language/predicates.ts'
