// Makes one element like another while it stays itself: focus, scroll and what is being selected survive.

export function morph(old, fresh) {
  if (fresh.dataset?.same !== undefined) return; // it is named only: it is as it was
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  morphAttributes(old, fresh);
  morphChildren(old, fresh);
}

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (name === "open" && old.localName === "details") continue; // whoever opened it closes it
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function morphChildren(old, fresh) {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let next = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const same = child.id ? named.get(child.id) : isLike(next, child) ? next : null;
    if (!same) {
      old.insertBefore(child, next);
    } else {
      if (same === next) next = next.nextSibling;
      else old.insertBefore(same, next);
      morph(same, child);
    }
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    if (!gone.dataset?.waiting) gone.remove(); // what has not been sent yet is not on any page of the server
  }
}

function isLike(node, other) {
  return node && !node.id && node.nodeType === other.nodeType && node.nodeName === other.nodeName;
}
