/**
 * The amount of something that a test tries: a little in `npm test`, which everybody waits for, and more in the deep run, which
 * takes also every file that imports this one. See `npm run test:deep`.
 */

/** True in the deep run. */
export const IS_DEEP: boolean = process.env['TEST_DEPTH'] === 'deep'

/** So much here, and so much in the deep run. */
export const deeper = <T>(light: T, deep: T): T => (IS_DEEP ? deep : light)

/** The numbers from 1 to this one: seeds. */
export const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1)
