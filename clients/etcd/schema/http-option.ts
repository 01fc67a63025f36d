/** The option of a method that names its JSON paths. */

/** The option for a path and its older alias. */
export function http(path: string, older?: string): string {
  const also = older === undefined ? '' : ` additional_bindings { post: "${older}" body: "*" }`
  return `{ option (google.api.http) = { post: "${path}" body: "*"${also} }; }`
}
