// What the square and the chat share: hints from the server, times in the reader's clock, drafts that survive a reload.

const policy = window.trustedTypes?.createPolicy("knock", { createHTML: (html) => html }) ?? { createHTML: (html) => html };

export const parse = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");

/** The reader's own kind of the page's language: en-GB where the page is in en. */
const tongue = (() => {
  const { lang } = document.documentElement;
  return navigator.languages.find((own) => own.split("-")[0] === lang) ?? lang;
})();

/** Show every time under `root` by the reader's own clock and habits. */
export function localTimes(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const clock = { hour: "numeric", minute: "2-digit" };
    const date = at.toDateString() === today ? {} : { day: "numeric", month: "short" };
    time.textContent = at.toLocaleString(tongue, { ...date, ...clock });
  }
}

/**
 * Call `look` when the server hints at a change, one call at a time. `standing(true | false)` says whether the line is up;
 * `somebody` hears who begins to write and who stops.
 * 40 seconds of silence count as down. A hidden page lets go of its connection and looks again when it is shown.
 */
export function follow(url, look, standing = () => {}, somebody = () => {}) {
  let source, silence, complaint, looking, again;

  const see = async () => {
    if (looking) return void (again = true);
    looking = true;
    do {
      again = false;
      await look().catch(() => down());
    } while (again);
    looking = false;
  };
  const up = () => {
    clearTimeout(complaint);
    complaint = undefined;
    standing(true);
    alive();
  };
  const down = () => { complaint ??= setTimeout(() => standing(false), 3000); };
  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(() => { stop(); down(); start(); }, 40000);
  };
  const stop = () => { clearTimeout(silence); source?.close(); source = undefined; };
  const start = () => {
    if (source || document.hidden) return;
    source = new EventSource(url);
    source.addEventListener("open", up);
    source.addEventListener("error", () => {
      down();
      if (source?.readyState === EventSource.CLOSED) { stop(); see(); setTimeout(start, 5000); }
    });
    for (const kind of ["changed", "resync", "ping"]) {
      source.addEventListener(kind, () => { alive(); see(); });
    }
    source.addEventListener("presence", ({ data }) => { alive(); somebody(JSON.parse(data)); });
    alive();
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  addEventListener("offline", () => standing(false));
  addEventListener("online", () => { stop(); start(); });
  addEventListener("pagehide", stop);
  start();
  return see;
}

/** Keep what is typed into a field until it was sent. What the server put there (after an error) is newer than the draft. */
export function keepDraft(field) {
  const place = `draft:${field.dataset.draft}`;
  if (!field.value) field.value = localStorage.getItem(place) ?? "";
  field.addEventListener("input", () => field.value ? localStorage.setItem(place, field.value) : localStorage.removeItem(place));
  return { forget: () => localStorage.removeItem(place) };
}

/** Put new and changed posts of a topic in their place; what did not change stays untouched, focus included. */
function followTopic(posts) {
  follow(posts.dataset.live, async () => {
    const here = new URL(location);
    here.searchParams.set("since", posts.dataset.version);
    const answer = await fetch(here, { headers: { Accept: "text/html" } });
    if (answer.status !== 200) return;
    const page = parse(await answer.text());
    const fresh = page.getElementById("posts");
    localTimes(fresh);
    posts.dataset.version = fresh.dataset.version;
    for (const id of ["me", "pages"]) renew(id, page);
    for (const post of [...fresh.children]) {
      const old = document.getElementById(post.id);
      if (!old) {
        post.classList.add("new");
        posts.append(post);
      } else if (old.querySelector(".said").textContent !== post.querySelector(".said").textContent) {
        old.replaceWith(post);
      }
    }
  });
}

function renew(id, page) {
  const [old, now] = [document.getElementById(id), page.getElementById(id)];
  if (old && old.textContent.trim() !== now.textContent.trim()) old.replaceWith(now);
}

localTimes(document);
const posts = document.getElementById("posts");
if (posts) followTopic(posts);
for (const field of document.querySelectorAll("textarea[data-draft^=square], textarea[data-draft^=topic]")) {
  const draft = keepDraft(field);
  field.form.addEventListener("submit", draft.forget);
}
