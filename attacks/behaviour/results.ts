import { utf8 } from '../../src/base/bytes.ts'

/** What liars agree to tell clients. */
export const FALSE_RESULTS = utf8('all is well')
