/**
 * A benchmark that measured nothing, or could not continue. Nobody used it wrongly, but there is no figure. The
 * message is one sentence; the command prints it and exits with 1.
 */
export class BenchmarkFailed extends Error {
  override readonly name = 'BenchmarkFailed'
}
