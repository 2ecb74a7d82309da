// One stream of hints from the server: what changed, whether the connection holds, whether we are still let in.

const SILENCE = 40_000; // the server says something at least every 15 s

export function listen(tell) {
  let stream;
  let silence;
  const again = (wait) => {
    stream.close();
    clearTimeout(silence);
    setTimeout(open, wait);
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => { tell("down"); again(0); }, SILENCE);
  };
  function open() {
    stream = new EventSource("/live");
    for (const name of ["changed", "resync", "ping"]) {
      stream.addEventListener(name, (event) => { heard(); tell(name, Number(event.data), Number(event.lastEventId)); });
    }
    stream.addEventListener("presence", (event) => { heard(); tell("presence", JSON.parse(event.data)); });
    stream.onerror = () => {
      const refused = stream.readyState === EventSource.CLOSED;
      tell(refused ? "refused" : "down");
      if (refused) again(3000);
    };
  }
  open();
  return () => { clearTimeout(silence); stream.close(); };
}
