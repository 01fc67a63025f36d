/**
 * Something that the person who started the process can mend: a missing file, a wrong mode, a taken port. Its message
 * is one clear sentence; a command that meets it prints the sentence and exits with 2.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'
}
