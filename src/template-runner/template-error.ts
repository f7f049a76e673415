/** The template says something that AWS would refuse, or that this runner does not understand: it must not be served. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}
