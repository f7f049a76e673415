import { createRequire } from 'node:module'
import { RawSocket } from '../raw-socket.ts'
import { HttpPublisher } from './http-publisher.ts'
import { startNodeServer } from './node-server.ts'
import type { Peer } from './peer.ts'
import { OUTSTANDING } from './settings.ts'

export const BARE_WS = 'bare ws'

export const bareWs: Peer = {
  name: BARE_WS,
  log: 'none',
  acknowledged: 'handed to the sockets that are open',
  durable: false,
  missing: () => undefined,
  start: async () => {
    const { program, url, startUpMs } = await startNodeServer('bare-ws-server.ts')
    const publisher = await HttpPublisher.open(url, OUTSTANDING)
    return {
      pids: [program.pid],
      startUpMs,
      version: packageVersion('ws'),
      publish: async (text) => publisher.publish(text, '/events'),
      subscribe: async (userId, onMessage) => {
        const socket = await RawSocket.open({ url: `${url}/?user=${userId}`, onMessage })
        return {
          cursor: async () => '',
          close: () => {
            socket.close()
          },
        }
      },
      stop: async () => {
        publisher.close()
        await program.stop()
      },
    }
  },
}

export function packageVersion(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
}
