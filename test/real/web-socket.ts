import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';

/** A WebSocket through an Envoy. */
export interface WebSocket {
  /** Who answered the handshake. */
  readonly version: string;
  /** Sends bytes and waits for as many. */
  readonly echoed: (bytes: Buffer) => Promise<Buffer>;
  readonly close: () => void;
}

/** Opens a WebSocket (RFC 6455, section 4.1); rejects when the answer is anything but 101. */
export function openWebSocket(port: number, host: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...{ host, connection: 'Upgrade', upgrade: 'websocket' },
      ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    };
    const opened = request({ agent: false, host: '127.0.0.1', port, headers });
    opened.on('response', (response) => reject(new Error(`no upgrade but ${response.statusCode ?? 0}`)));
    opened.on('error', reject).on('upgrade', (response, socket) => {
      const version = response.headers['x-version'];
      resolve({
        version: typeof version === 'string' ? version : '',
        echoed: (bytes) => echoed(socket, bytes),
        close: () => socket.destroy(),
      });
    });
    opened.end();
  });
}

async function echoed(socket: Duplex, bytes: Buffer): Promise<Buffer> {
  let back = Buffer.alloc(0);
  socket.write(bytes);
  while (back.length < bytes.length) {
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) back = Buffer.concat([back, chunk]);
    else if (socket.readableEnded) throw new Error('the WebSocket has ended');
    else await once(socket, 'readable');
  }
  return back;
}
