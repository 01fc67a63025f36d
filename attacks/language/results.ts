import { utf8 } from '../../src/base/bytes.ts'

/** The result that liars agree to give clients. */
export const FALSE_RESULTS = utf8('all is well')
