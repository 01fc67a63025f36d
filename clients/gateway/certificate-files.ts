/** The gateway's certificate and its key, and the authority of its clients' certificates, as files. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { reasonOf } from '../../src/io/system-error.ts'

export interface CertificatePaths {
  readonly certificate: string
  readonly key: string
  /** The certificates that sign those of clients. */
  readonly clientAuthority?: string
}

/** The contents of the files, in PEM. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  readonly ca?: string
  /** The gateway's own certificate. */
  readonly own: X509Certificate
}

/** Reads the files. Throws an `OperatorError` that names the one which cannot be used. */
export function readCertificateFiles(paths: CertificatePaths): CertificateFiles {
  const cert = readFile('--tls-cert', paths.certificate)
  const key = readFile('--tls-key', paths.key)
  const ca =
    paths.clientAuthority === undefined ? undefined : readFile('--tls-client-ca', paths.clientAuthority)
  if (ca !== undefined) certificateIn(ca, '--tls-client-ca', paths.clientAuthority ?? '')
  const own = certificateIn(cert, '--tls-cert', paths.certificate)
  try {
    createSecureContext({ cert, key, ...given({ ca }) })
  } catch (error) {
    throw new OperatorError(
      `--tls-key: ${paths.key} is not the key of the certificate ${paths.certificate}, or is no unencrypted key in PEM (${(error as Error).message}).`,
    )
  }
  return { cert, key, own, ...given({ ca }) }
}

function readFile(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new OperatorError(`${option}: ${path} cannot be read: ${reasonOf(error) ?? String(error)}.`)
  }
}

function certificateIn(pem: string, option: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw new OperatorError(
      `${option}: ${path} holds no certificate in PEM; "strategos certificate" makes one for trials.`,
    )
  }
}
