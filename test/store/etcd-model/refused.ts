/** The model's word for a request that is refused. */
import { REFUSALS, type Refusal, type RefusalName } from './requests.ts'

/** Thrown by what finds a request wrong, and answered as its `refusal`. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(name: RefusalName) {
    super(REFUSALS[name].message)
    this.refusal = { kind: 'refusal', ...REFUSALS[name] }
  }
}
