/**
 * The number of cases that a test tries: few in `npm test`, which must be fast, and more in the deep run, which
 * includes every file that imports this one. See `npm run test:deep`.
 */

/** True in the deep run. */
export const IS_DEEP: boolean = process.env['TEST_DEPTH'] === 'deep'

/** Returns the first number in `npm test`, and the second one in the deep run. */
export const deeper = <T>(light: T, deep: T): T => (IS_DEEP ? deep : light)

/** The numbers from 1 to this one, used as seeds. */
export const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1)
