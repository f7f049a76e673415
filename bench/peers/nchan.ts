/** nginx with nchan: a channel for each user, one request that publishes to both. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fixedPort } from '../../test/chaos/server-process.ts'
import { RawSocket } from '../raw-socket.ts'
import { HttpPublisher } from './http-publisher.ts'
import type { OnMessage, Peer, Running } from './peer.ts'
import { type Programs, type ServerProgram, start, versionOf } from './programs.ts'
import { OUTSTANDING } from './settings.ts'

const KEPT = 100

const MODULES = ['/usr/lib/nginx/modules', '/usr/share/nginx/modules'].map((folder) =>
  join(folder, 'ngx_nchan_module.so'),
)

export const nchan: Peer = {
  name: 'nginx with nchan',
  log: `the newest ${KEPT} messages of each user, in shared memory`,
  acknowledged: 'in memory, and handed to the sockets that are open',
  durable: false,
  missing: (programs) =>
    programs.missing('nginx', 'nginx') ??
    (modulePath() === undefined
      ? 'nchan is not installed ("apt-get install libnginx-mod-nchan")'
      : undefined),
  start: async (folder, programs) => startNginx(folder, programs),
}

const modulePath = (): string | undefined => MODULES.find((path) => existsSync(path))

async function startNginx(folder: string, programs: Programs): Promise<Running> {
  const [path, port] = [programs.path('nginx'), await fixedPort()]
  writeFileSync(join(folder, 'nginx.conf'), configuration(port))
  for (const name of TEMPORARY) mkdirSync(join(folder, name))
  const began = performance.now()
  const nginx = start(path, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'])
  await nginx.listening(port)
  const startUpMs = performance.now() - began
  const url = `http://127.0.0.1:${port}`
  const publisher = await HttpPublisher.open(url, OUTSTANDING)
  const status = await (await fetch(`${url}/status`)).text()
  return {
    pids: [nginx.pid, ...childrenOf(nginx)],
    startUpMs,
    version: `${versionOf(path, '-v')}, nchan ${/nchan version: (\S+)/.exec(status)?.[1] ?? '?'}`,
    publish: async (text, trainerId, studentId) =>
      publisher.publish(text, `/publish?to=${trainerId},${studentId}`),
    subscribe: async (userId, onMessage) => {
      const socket = await open(`${url}/subscribe?user=${userId}`, onMessage)
      return {
        cursor: async (last) => /^id: (\S+)/.exec(last.toString())?.[1] ?? '',
        close: () => {
          socket.close()
        },
      }
    },
    catchUp: async (userId, cursor, onMessage) =>
      open(`${url}/subscribe?user=${userId}&after=${cursor}`, onMessage),
    stop: async () => {
      publisher.close()
      await nginx.stop()
    },
  }
}

/** With a message's id before its text, without which nobody could resume. */
async function open(url: string, onMessage: OnMessage): Promise<RawSocket> {
  return RawSocket.open({ url, headers: { 'sec-websocket-protocol': 'ws+meta.nchan' }, onMessage })
}

function childrenOf({ pid }: ServerProgram): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** One worker: on a machine with few cores the cheapest, as workers tell each other of each message. */
function configuration(port: number): string {
  const user = userInfo()
  return `
load_module ${modulePath() ?? ''};
${user.uid === 0 ? `user ${user.username};` : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid nginx.pid;
events { worker_connections 16384; }
http {
  access_log off;
  ${TEMPORARY.map((name) => `${name}_temp_path ${name};`).join('\n  ')}
  # The connections of a backend are kept for good, as those to the other servers are.
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  nchan_shared_memory_size 1g;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish {
      nchan_publisher http;
      nchan_channel_id $arg_to;
      nchan_channel_id_split_delimiter ",";
      nchan_message_buffer_length ${KEPT};
      nchan_message_timeout 1h;
    }
    location = /subscribe {
      nchan_subscriber websocket;
      nchan_channel_id $arg_user;
      nchan_subscriber_first_message newest;
      nchan_subscriber_last_message_id $arg_after;
    }
    location = /status { nchan_stub_status; }
  }
}
`
}
