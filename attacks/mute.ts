import { silence } from '../src/simulator/rewrites.ts'
import type { Behaviour } from './behaviour.ts'

/** Hears everything, says nothing. Castro and Liskov, OSDI 1999, section 2: a faulty replica may stop sending. */
export const mute: Behaviour = {
  name: 'mute',
  does: 'takes part in nothing: no proposal, no vote, no status, no reply',
  rewrite: silence,
}
