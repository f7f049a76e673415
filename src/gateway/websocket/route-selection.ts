/** Route selection: API Gateway developer guide, page websocket-api-develop-routes. */

type Part = { kind: 'text'; text: string } | { kind: 'path'; keys: readonly string[] }

/** Evaluates a route selection expression on a message body; undefined when the body is not JSON. */
export type RouteKeyOf = (body: string) => string | undefined

const path = String.raw`request\.body((?:\.[\w-]+)+)`
const whole = new RegExp(String.raw`^\$${path}$`)
const parts = new RegExp(String.raw`\$\{${path}\}|([^$]+)`, 'y')

/**
 * Compiles `$request.body.action`, `${request.body.action}`, or several of the latter with text between them.
 *
 * @throws TypeError when the expression has another form
 */
export function compileRouteSelection(expression: string): RouteKeyOf {
  const compiled = parse(expression)
  return (body) => {
    const parsed = parseJson(body)
    if (parsed === undefined) return undefined
    return compiled.map((part) => (part.kind === 'text' ? part.text : valueAt(parsed, part.keys))).join('')
  }
}

function parse(expression: string): Part[] {
  const single = whole.exec(expression)
  if (single?.[1] !== undefined) return [pathPart(single[1])]
  const found: Part[] = []
  parts.lastIndex = 0
  while (parts.lastIndex < expression.length) {
    const match = parts.exec(expression)
    if (!match) break
    found.push(match[1] === undefined ? { kind: 'text', text: match[0] } : pathPart(match[1]))
  }
  // A failed sticky match resets lastIndex, so that an expression that was not read to its end has parts of less length.
  if (parts.lastIndex !== expression.length || !found.some((part) => part.kind === 'path')) {
    throw new TypeError(
      `routeSelectionExpression ${JSON.stringify(expression)}: use $request.body.name or \${request.body.name}`,
    )
  }
  return found
}

function pathPart(dotted: string): Part {
  return { kind: 'path', keys: dotted.slice(1).split('.') }
}

/** Wrapped, because `null` and `false` are JSON too. */
function parseJson(body: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(body) as unknown }
  } catch {
    return undefined
  }
}

/** Own properties only: a body cannot reach `constructor` and the like. What is missing gives the empty string. */
function valueAt(parsed: { json: unknown }, keys: readonly string[]): string {
  let value = parsed.json
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return ''
    value = (value as Record<string, unknown>)[key]
  }
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
