/** The options that guard a gateway, and those by which a caller shows who it is; the rest are in `options.ts`. */
import { hostNames, nonEmpty, origins, wholeNumber } from './option-values.ts'
import { valued } from './options.ts'

/** Options of gateway that guard it, and of token and certificate. */
export const guards = {
  certificate: () => valued('--tls-cert <file>', 'the certificate for TLS, in PEM, with its chain', nonEmpty),
  key: () => valued('--tls-key <file>', "the certificate's key, in PEM, not encrypted", nonEmpty),
  clientAuthority: () =>
    valued(
      '--tls-client-ca <file>',
      'let in callers whose certificates one of these signed, in PEM',
      nonEmpty,
    ),
  tokens: () => valued('--tokens <file>', 'let in callers with a token of this file', nonEmpty),
  tokenFile: () => valued('--tokens <file>', 'the file (default: tokens.json in --dir)', nonEmpty),
  hostNames: () =>
    valued(
      '--host-names <names>',
      'further names under which the gateway may be asked, beside those of its certificate',
      hostNames,
    ),
  origins: () =>
    valued('--cors-origins <origins>', 'sites whose pages may ask, for example https://app.example', origins),
  rate: () =>
    valued('--rate-limit <n>', 'calls that each caller may make in a second', wholeNumber(1, 1_000_000)),
  names: () =>
    valued(
      '--names <names>',
      'the DNS names and IP addresses of the gateway, separated by commas',
      hostNames,
    ).default(['localhost', '127.0.0.1', '::1'], 'localhost,127.0.0.1,::1'),
  certifiedClient: () =>
    valued('--client <name>', 'make the certificate of a client with this name', nonEmpty),
  days: () => valued('--days <days>', 'the days for which it is valid', wholeNumber(1, 825)).default(90),
} as const

/** Options of the commands that call a gateway. */
export const caller = {
  token: () =>
    valued('--token <token>', 'the token by which the gateway knows the caller', nonEmpty).env(
      'STRATEGOS_TOKEN',
    ),
  authority: () =>
    valued('--ca <file>', "the certificates that sign the gateway's, in PEM", nonEmpty).env('STRATEGOS_CA'),
  ownCertificate: () => valued('--cert <file>', "the caller's certificate, in PEM", nonEmpty),
  ownKey: () => valued('--cert-key <file>', "the key of the caller's certificate, in PEM", nonEmpty),
} as const
