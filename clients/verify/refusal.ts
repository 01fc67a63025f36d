/** The verdict on something that claims to be proved: proved, or refused with the reason. */

/**
 * The fault of a proof. `form`: it is not in its form. `version`: this program does not know its version. `oral`: the
 * cluster has no signatures. `other-cluster`: it is about another cluster. `says`: what it says in words is not what its
 * bytes say. The others name a part of it.
 */
export type ProofFault =
  | 'form'
  | 'version'
  | 'oral'
  | 'other-cluster'
  | 'says'
  | 'request'
  | 'request-signature'
  | 'results'
  | 'reply'
  | 'reply-signature'
  | 'reply-repeated'
  | 'too-few-replies'
  | 'certificate'
  | 'certificate-signature'
  | 'certificate-repeated'
  | 'certificate-too-small'
  | 'path'
  | 'counters'
  | 'entry'
  | 'page'
  | 'truncated'
  | 'trailing-bytes'
  | 'not-asked'
  | 'stale'

export interface Refused {
  readonly kind: 'refused'
  readonly fault: ProofFault
  /** A sentence without its full stop. */
  readonly because: string
}

export type Verdict<T> = { readonly kind: 'proved'; readonly proved: T } | Refused

/** Ends a check. It is caught where the check began, so a verifier returns a verdict for any bytes. */
class RefusalError extends Error {
  readonly fault: ProofFault

  constructor(fault: ProofFault, because: string) {
    super(because)
    this.fault = fault
  }
}

export function refuse(fault: ProofFault, because: string): never {
  throw new RefusalError(fault, because)
}

export function verdictOf<T>(check: () => T): Verdict<T> {
  try {
    return { kind: 'proved', proved: check() }
  } catch (error) {
    if (error instanceof RefusalError) return refusedBy(error)
    throw error
  }
}

/** Returns the verdict of a refusal that another function threw; throws any other error again. */
export function refusalIn(error: unknown): Refused {
  if (error instanceof RefusalError) return refusedBy(error)
  throw error
}

const refusedBy = ({ fault, message }: RefusalError): Refused => ({
  kind: 'refused',
  fault,
  because: message,
})
