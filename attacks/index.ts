/**
 * The language of attacks, as `strategos/attacks`: what an attack in a file of one's own is written with.
 * `strategos attack ./mine.mjs` runs it.
 */
export * from './attack.ts'
export * from './behaviour/behaviour.ts'
export type { Carried } from './behaviour/carried.ts'
export * from './behaviour/client-behaviour.ts'
export type { ClientPlace } from './behaviour/client-place.ts'
export * from './behaviour/mutations.ts'
export * from './behaviour/place.ts'
export * from './behaviour/predicates.ts'
export * from './verdicts.ts'
