/**
 * Group commit for one file: a sync that is asked for while another runs waits for the next one, as the running one may
 * have missed what was just written; all that wait share that next one.
 *
 * Once a sync has failed, none succeeds any more: the kernel tells of writes it lost a single time, to whoever happens to
 * ask, and calls the rest of them clean. Only the file opened anew is judged anew.
 */
export class SharedSync {
  readonly #sync: (done: (error: Error | null) => void) => void;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(sync: (done: (error: Error | null) => void) => void) {
    this.#sync = sync;
  }

  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running
      .catch(() => undefined) // whoever comes next is told as well
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#running = new Promise<void>((resolve, reject) => {
      this.#sync((error) => {
        this.#running = undefined;
        if (!error) return resolve();
        this.#failure = error;
        reject(error);
      });
    });
    return this.#running;
  }
}
