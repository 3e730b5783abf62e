import { connect, type Socket } from 'node:net';

/** Sockets to the server; one that hears nothing for `silenceMs`, which no statement may take, counts as dead. */
export function socketFactory(silenceMs: number) {
  return (options: { host: string[]; port: number[]; path?: string | boolean }): Socket => {
    const [host = 'localhost'] = options.host;
    const [port = 5432] = options.port;
    const socket =
      typeof options.path === 'string' && options.path !== ''
        ? connect(options.path)
        : connect({ host, port, keepAlive: true, keepAliveInitialDelay: 10_000, noDelay: true });
    socket.setTimeout(silenceMs, () => {
      const error = new Error('the database has not answered in time');
      socket.destroy(Object.assign(error, { code: 'CONNECTION_SILENT' }));
    });
    failAtClose(socket);
    // postgres.js takes the name for TLS from here.
    return Object.assign(socket, { host, port });
  };
}

/**
 * Node reports an error some time before the close. postgres.js fails what is pending at the error, and forgets
 * what is sent in between; with both at once there is no between.
 */
function failAtClose(socket: Socket): void {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean;
  let failure: unknown = null;
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    if (event === 'error') {
      failure = values[0];
      return true;
    }
    if (event === 'close' && failure !== null) emit('error', failure);
    return emit(event, ...values);
  };
}
