/**
 * An error that the person who started the process can fix: a missing file, a wrong mode, a port in use. Its message is
 * one clear sentence. A command that catches it prints the sentence and exits with code 2.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'
}
