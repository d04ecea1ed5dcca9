/**
 * A real turn of the event loop: microtasks alone would keep every other request of the isolate
 * waiting.
 */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
