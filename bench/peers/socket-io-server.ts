/** Socket.IO with connection state recovery: in memory, or with `REDIS_URL` in a Redis stream. */
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-streams-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'
import { onPublish, serve } from './http-border.ts'

const url = process.env['REDIS_URL']

const server = createServer(
  onPublish((event) => {
    io.to([event.trainerId, event.studentId]).emit('event', event)
  }),
)
const io = new Server(server, {
  transports: ['websocket'],
  serveClient: false,
  connectionStateRecovery: {},
  // The adapter reads answers as version 2 of the protocol has them.
  ...(url !== undefined && { adapter: createAdapter(new Redis(url, { protocol: 2 })) }),
})
io.on('connection', (socket) => {
  if (!socket.recovered) void socket.join(String(socket.handshake.auth['userId']))
})
serve(server)
