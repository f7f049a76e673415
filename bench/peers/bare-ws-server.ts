/** The floor: what HTTP, JSON and WebSockets on Node cost when nothing is checked and nothing is kept. */
import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { onPublish, serve } from './http-border.ts'

const sockets = new Map<string, Set<WebSocket>>()

function socketsOf(userId: string): Set<WebSocket> {
  const open = sockets.get(userId) ?? new Set()
  sockets.set(userId, open)
  return open
}

const server = createServer(
  onPublish(({ trainerId, studentId }, text) => {
    for (const userId of [trainerId, studentId]) {
      for (const socket of socketsOf(userId)) socket.send(text)
    }
  }),
)
new WebSocketServer({ server }).on('connection', (socket, request) => {
  const open = socketsOf(new URL(request.url ?? '', 'ws://localhost').searchParams.get('user') ?? '')
  open.add(socket)
  socket.on('close', () => open.delete(socket)).on('error', () => undefined)
})
serve(server)
