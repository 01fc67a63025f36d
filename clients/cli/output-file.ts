/** The files in which a command writes its results. */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { OperatorError } from '../../src/base/operator-error.ts'
import { reasonOf } from '../../src/io/system-error.ts'

/** Throws an `OperatorError` if a file cannot be written. It is called before the work, so that no result is lost. */
export function expectWritable(path: string): void {
  const isNew = !existsSync(path)
  try {
    closeSync(openSync(path, 'a'))
  } catch (error) {
    const reason = reasonOf(error)
    throw reason === null ? error : new OperatorError(`${path} cannot be written: ${reason}.`)
  }
  if (isNew) rmSync(path)
}
