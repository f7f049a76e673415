import { describe, expect, it } from 'vitest'
import { eventFor, reflect, send, serve } from './served.ts'

const named = (name: string) => () => ({ statusCode: 200, body: name })

describe('a request is routed', () => {
  const routes = {
    $default: named('$default'),
    'GET /items': named('list'),
    'POST /items': named('create'),
    'GET /items/{id}': named('one'),
    'ANY /items/{id}/parts/{part}': named('part'),
    'GET /files/{path+}': named('file'),
    'GET /a.b(c)': named('odd'),
  }

  it.each([
    ['GET', '/items', 'list'],
    ['POST', '/items', 'create'],
    ['GET', '/items?x=/items/1', 'list'],
    ['GET', '/items/1', 'one'],
    ['GET', '/items/a%2Fb', 'one'],
    ['PATCH', '/items/1/parts/2', 'part'],
    ['GET', '/files/a/b/c', 'file'],
    ['GET', '/a.b(c)', 'odd'],
    ['GET', '/aXb(c)', '$default'],
    ['DELETE', '/items', '$default'],
    ['GET', '/items/', '$default'],
    ['GET', '/items/1/', '$default'],
    ['GET', '/items/1/parts', '$default'],
    ['GET', '/files/', '$default'],
    ['GET', '/ITEMS', '$default'],
    ['GET', '/', '$default'],
    ['GET', '//items', '$default'],
    ['GET', '/__proto__', '$default'],
    ['POST', '/$default', '$default'],
    ['GET', '/items%', '$default'],
  ])('%s %s to %s', async (method, path, name) => {
    const { status, body } = await send(await serve({ routes }), path, { method })
    expect({ status, body }).toEqual({ status: 200, body: name })
  })

  it.each([
    ['GET', '/items/new', 'GET /items/new'],
    ['POST', '/items/new', 'ANY /items/new'],
    ['GET', '/items/1', 'GET /items/{id}'],
    ['GET', '/items/1/2', 'ANY /{all+}'],
  ])('%s %s to the most specific of several, whatever their order', async (method, path, key) => {
    const keys = ['ANY /{all+}', 'GET /items/{id}', 'ANY /items/new', 'GET /items/new']
    const specific = Object.fromEntries(keys.map((one) => [one, named(one)]))
    expect((await send(await serve({ routes: specific }), path, { method })).body).toBe(key)
  })

  it('to nobody, without $default: 404', async () => {
    const served = await serve({ routes: { 'GET /items': named('list') } })
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/items'],
      ['GET', '/constructor'],
    ] as const) {
      const { status, headers, body } = await send(served, path, { method })
      expect({ status, body }).toEqual({ status: 404, body: '{"message":"Not Found"}' })
      expect(headers['content-type']).toBe('application/json')
    }
  })

  it('as HEAD, like any other method', async () => {
    const served = await serve({ routes: { 'HEAD /items': named('head'), 'GET /items': named('list') } })
    const { status, headers, body } = await send(served, '/items', { method: 'HEAD' })
    expect({ status, body, length: headers['content-length'] }).toEqual({
      status: 200,
      body: '',
      length: '4',
    })
  })
})

describe('path parameters', () => {
  const routes = { 'GET /items/{id}/{part}': reflect, 'GET /files/{path+}': reflect, 'GET /none': reflect }

  it.each([
    ['/items/1/2', { id: '1', part: '2' }],
    ['/items/a%20b/%C3%BC', { id: 'a b', part: 'ü' }],
    ['/items/a%2Fb/c', { id: 'a/b', part: 'c' }],
    ['/items/100%/x', { id: '100%', part: 'x' }],
    ['/files/a/b/c.txt', { path: 'a/b/c.txt' }],
    ['/none', undefined],
  ])('of %s are %j', async (path, parameters) => {
    expect((await eventFor(await serve({ routes }), path)).pathParameters).toEqual(parameters)
  })
})
