// One stream of hints from the server: what changed, how the lists look, whether the connection holds, whether we are let in.

const SILENCE = 40_000; // the server says something at least every 15 s
const MOVED = 100; // milliseconds: whoever goes from page to page, or opens several, is followed when they are there

/** Tells what comes. `follow` says at which places the lists are that are to be told, `stop` ends it. */
export function listen(tell) {
  let stream = null;
  let silence;
  let wanted = "";
  let asked = null;
  let planned = setTimeout(open, MOVED);
  const again = (wait) => {
    stream.close();
    clearTimeout(silence);
    clearTimeout(planned);
    planned = setTimeout(open, wait);
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => { tell("down"); again(0); }, SILENCE);
  };
  function open() {
    const before = stream;
    const here = new EventSource(`/live${wanted}`);
    stream = here;
    asked = wanted;
    here.onopen = () => before?.close(); // for a moment there are two, so that nothing is missed between them
    for (const name of ["changed", "resync", "ping"]) {
      here.addEventListener(name, (event) => { heard(); tell(name, Number(event.data), Number(event.lastEventId)); });
    }
    for (const name of ["presence", "list"]) {
      here.addEventListener(name, (event) => { heard(); tell(name, JSON.parse(event.data)); });
    }
    here.onerror = () => {
      before?.close();
      if (here !== stream) return;
      const refused = here.readyState === EventSource.CLOSED;
      tell(refused ? "refused" : "down");
      if (refused) again(3000);
    };
  }
  return {
    follow(places) {
      wanted = places.length ? `?${new URLSearchParams(places.map((place) => ["at", place]))}` : "";
      if (asked === null) return; // it is about to be opened
      clearTimeout(planned);
      if (wanted !== asked) planned = setTimeout(open, MOVED);
    },
    stop() {
      clearTimeout(silence);
      clearTimeout(planned);
      stream?.close();
    },
  };
}
