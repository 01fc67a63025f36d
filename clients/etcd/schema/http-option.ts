/** The option of a method in the schema that names its paths in JSON. */

/** The option for a path, and for an older one. */
export function http(path: string, older?: string): string {
  const also = older === undefined ? '' : ` additional_bindings { post: "${older}" body: "*" }`
  return `{ option (google.api.http) = { post: "${path}" body: "*"${also} }; }`
}
