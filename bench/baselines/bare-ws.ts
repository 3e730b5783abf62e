import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** The least that takes sockets and answers `/health`. */
const server = createServer((_request, response) => response.end('{"status":"healthy"}'));
const sockets = new WebSocketServer({ server });
server.listen(Number(process.argv[2]), '127.0.0.1');
process.once('SIGTERM', () => {
  sockets.close();
  server.close();
});
