/** Mistakes at the gateway: another key than asked for, conditions that are passed over, callers that are kept out. */
import { type Mutant, UNSEEN } from './mutant.ts'

const ADMISSION = 'clients/admission.test.ts'
const GUARDS = 'clients/guarded-gateway.test.ts'
const CONDITIONS = 'clients/conditions.test.ts'
const KEYS = 'clients/key-names.test.ts'
const ROUTES = 'clients/api-routes.test.ts'
const WATCHES = 'clients/watches.test.ts'
const WATCH_ROUTES = 'clients/watch-routes.test.ts'
const why = UNSEEN.notRun

export const GATEWAY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a name does not escape the backslash',
    rule: 'keys',
    within: 'HIDDEN',
    search: '\\u2060\\uFEFF\\\\]/u',
    replacement: '\\u2060\\uFEFF]/u',
    paper: { file: KEYS, test: 'leads back to the key', why },
  },
  {
    name: 'a byte order mark in a key is passed over',
    rule: 'keys',
    within: 'decoder',
    search: 'ignoreBOM: true',
    replacement: 'ignoreBOM: false',
    paper: { file: KEYS, test: 'a byte order mark', why },
  },
  {
    name: 'a weak tag lets a write through',
    rule: 'http',
    within: 'entityTags',
    search: 'if (isWeak === undefined)',
    replacement: 'if (true)',
    paper: { file: CONDITIONS, test: 'if-match', why },
  },
  {
    name: 'If-None-Match counts for nothing on writes',
    rule: 'http',
    within: 'writeTest',
    search: '!matchesWeakly(noneMatch, modRevision)',
    replacement: 'true',
    paper: { file: CONDITIONS, test: 'if-none-match', why },
  },
  {
    name: 'an unknown parameter is passed over',
    rule: 'http',
    within: 'readParameters',
    search: 'throw unknownParameter(name, known)',
    replacement: 'continue',
    paper: { file: CONDITIONS, test: 'is refused', why },
  },
  {
    name: 'a parameter that cannot be read is passed over',
    rule: 'http',
    within: 'readValues',
    search: 'throw problemOfIssue(read.error)',
    replacement: 'continue',
    paper: { file: ROUTES, test: 'is refused', why },
  },
  {
    name: 'a document is taken as it comes',
    rule: 'http',
    within: 'documentIn',
    search: 'if (read.success)',
    replacement: 'if (true)',
    paper: { file: ROUTES, test: 'is refused', why },
  },
  {
    name: 'what a body announces is held',
    rule: 'room',
    within: 'Admission.beginBody',
    search: 'this.#beginBody(call, end);',
    replacement:
      "{ this.#beginBody(call, end); if (!this.hold(request, Number(request.headers['content-length']))) return end(); }",
    also: [
      {
        within: 'Admission.#makeRoom',
        search: 'call.bytes <= BYTES_SHARE',
        replacement: 'true',
      },
    ],
    paper: { file: ADMISSION, test: 'connections that announce much', why },
  },
  {
    name: 'bodies that arrive make no room for others',
    rule: 'room',
    within: 'Admission.#makeRoom',
    search: 'call.bytes <= BYTES_SHARE',
    replacement: 'true',
    paper: { file: ADMISSION, test: 'bodies that lack their last byte', why },
  },
  {
    name: 'idle connections keep new ones out',
    rule: 'room',
    within: 'Connections.watch',
    search: 'this.#endIdlest();\n',
    replacement: '{}\n',
    paper: { file: ADMISSION, test: 'more silent connections', why },
  },
  {
    name: 'any token lets in',
    rule: 'guards',
    within: 'entryOf',
    search: "timingSafeEqual(hash, Buffer.from(entry.sha256, 'hex'))",
    replacement: 'hash.length > 0',
    paper: { file: GUARDS, test: 'every call is refused', why },
  },
  {
    name: 'a certificate of any authority lets in',
    rule: 'guards',
    within: 'certificateIdentity',
    search: ' || !socket.authorized',
    replacement: '',
    paper: { file: GUARDS, test: 'of another authority does not', why },
  },
  {
    name: 'gRPC passes the guards by',
    rule: 'guards',
    within: 'entryBy',
    search: 'OPEN_METHODS.has(path)',
    replacement: 'true',
    paper: { file: GUARDS, test: 'a name and its token', why },
  },
  {
    name: 'a revoked token goes on with what it began',
    rule: 'guards',
    within: 'Identities.#endRevoked',
    search: 'end();',
    replacement: '{}',
    paper: { file: GUARDS, test: 'a token that is revoked', why },
  },
  {
    name: 'browsers are led to gRPC',
    rule: 'guards',
    within: 'PROTOCOLS',
    search: "['http/1.1', 'h2']",
    replacement: "['h2', 'http/1.1']",
    paper: { file: GUARDS, test: 'speaks both protocols', why },
  },
  {
    name: 'the id of the last event counts for nothing',
    rule: 'watch',
    within: 'queryOf',
    search: 'lastEventId(headers) ?? parameters.after',
    replacement: 'parameters.after',
    paper: { file: WATCH_ROUTES, test: 'continues after the id', why },
  },
  {
    name: 'a slow reader holds all that comes',
    rule: 'watch',
    within: 'Watches.#pass',
    search: 'if (!watch.hasRoom || this.#isFull)',
    replacement: 'if (false)',
    paper: { file: WATCHES, test: 'holds a bounded queue', why },
  },
  {
    name: 'a watch is given keys that it did not ask for',
    rule: 'watch',
    within: 'wants',
    search: ' && includes(range, key)',
    replacement: '',
    paper: { file: WATCHES, test: 'gives only what is asked for', why },
  },
]
