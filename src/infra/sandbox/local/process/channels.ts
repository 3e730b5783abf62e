import type { InputPipe, OutputPipe, OutputPipes } from './output-pipes.ts';

/** The pipes between this process and a command. */
export interface Channels {
  stdin: InputPipe | null;
  stdout: OutputPipe;
  stderr: OutputPipe;
  /** What the program that makes the sandbox says of it. */
  report: OutputPipe;
  /** Closes the command's ends here, once it has them. */
  handOver(): void;
  release(): void;
}

/** `owner` is who the command runs as, since programs open their own output by name. */
export async function openChannels(
  pipes: OutputPipes,
  { owner, server, stdin }: { owner: User; server: User; stdin: 'pipe' | 'ignore' },
): Promise<Channels> {
  const taken: (InputPipe | OutputPipe)[] = [];
  const keep = async <T extends InputPipe | OutputPipe>(pipe: Promise<T>): Promise<T> => {
    const opened = await pipe;
    taken.push(opened);
    return opened;
  };
  const release = (): void => {
    for (const pipe of taken) pipe.release();
  };
  try {
    return {
      stdin: stdin === 'ignore' ? null : await keep(pipes.takeInput(owner.uid, owner.gid)),
      stdout: await keep(pipes.take(owner.uid, owner.gid)),
      stderr: await keep(pipes.take(owner.uid, owner.gid)),
      report: await keep(pipes.take(server.uid, server.gid)),
      handOver() {
        for (const pipe of taken) pipe.handOver();
      },
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

interface User {
  uid: number;
  gid: number;
}
